from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.progress import gain


def _norms(trace: Any) -> list[tuple[str, float]]:
    """Return the global gradient norm of each epoch, and those of the steps before a NaN."""
    found = []
    for epoch, weights in enumerate(trace.weights):
        squares = [(numbers["gradient_norm"] or 0.0) ** 2 for numbers in weights.values()]
        if squares:
            found.append((f"epoch {epoch + 1}", float(np.sqrt(np.sum(squares)))))
    if trace.first_bad:
        first = trace.first_bad["step"] - len(trace.tail)
        found += [(f"step {first + i}", float(norm)) for i, norm in enumerate(trace.tail)]
    return [(when, norm) for when, norm in found if np.isfinite(norm) and norm > 0]


def _loudest(trace: Any, place: str) -> str:
    """Return the weight with the largest gradient in an epoch; before a NaN, the one it hit."""
    kind, _, number = place.partition(" ")
    if kind == "step":
        return str(trace.first_bad["weights"][-1])
    sizes = {p: n["gradient_norm"] or 0.0 for p, n in trace.weights[int(number) - 1].items()}
    return max(sizes, key=lambda path: sizes[path])


def _lost(trace: Any) -> bool:
    """Whether the training ended with a NaN."""
    losses = trace.series("loss")
    return bool(trace.bad_weights or (losses and not np.isfinite(losses[-1])))


@check("KR315", cost="live")
def exploding_gradient(
    trace: Any, *, growth: float = 100.0, huge: float = 1e4, worse: float = 0.5
) -> Result:
    """The gradients keep their size.

    Why:
        A gradient that grows from step to step throws the weights further each time, until the
        loss is lost in numbers that no float holds.
    Fix:
        Clip the gradient at a norm of about 1, lower the rate, scale inputs and targets; a
        summed loss grows with the batch.
    Tune:
        growth: Factor from the smallest norm of a gradient to a later one; healthy trainings
            vary by about 10.
        huge: Norm of the first gradient that is an explosion by itself.
        worse: Final loss above the best constant's, relative, that shows the harm; a NaN that
            stays shows it, too. Without harm nothing is said.
    Source:
        Pascanu et al. 2013; gradscope alarms at a norm of 1e3, AUTOTRAINER at a ratio of 70.
    """
    norms = _norms(trace)
    if not norms:
        msg = "the gradients are not known"
        raise NotApplicable(msg)
    values = np.array([norm for _, norm in norms])
    factors = values / np.minimum.accumulate(values)
    at, got, lost = int(factors.argmax()), gain(trace), _lost(trace)
    fields: dict[str, Any] = {
        "measured": float(factors[at]),
        "expected": growth,
        "unit": "growth",
        "where": norms[at][0],
        "evidence": {"norms": [[when, norm] for when, norm in norms[-64:]]},
    }
    harmed = lost or (got is not None and got < -worse)
    grew, large = factors[at] > growth, values[0] > huge
    if not harmed or not (grew or large):
        text = f"gradient norms between {values.min():.3g} and {values.max():.3g}"
        return passed(text, **fields)
    fields["where"] = f"{norms[at][0]}, {_loudest(trace, norms[at][0])}"
    text = (
        f"the gradient's norm grew from {values[: at + 1].min():.3g} to {values[at]:.3g} by "
        f"{norms[at][0]}"
        if grew
        else f"the gradient's norm was {values[0]:.3g} from the start"
    )
    fields["cause"] = (
        "Each step made the next one larger: the rate is too high."
        if grew
        else "Inputs, targets or initial weights of a large scale, or a summed loss."
    )
    fields["fix"] = Fix(
        text="Clip the gradient and lower the rate.",
        code="keras.optimizers.Adam(1e-4, clipnorm=1.0)",
    )
    verdict = warned if trace.program.get("custom_step") and not lost else failed
    end = "a NaN" if lost else f"a loss of {trace.series('loss')[-1]:.4g}"
    return verdict(f"{text}, and the training ended with {end}", **fields)
