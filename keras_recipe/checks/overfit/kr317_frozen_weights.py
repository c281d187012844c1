from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.gathered import gathered


def _has_gradient(trace: Any, path: str) -> bool:
    """Whether any epoch saw a gradient for the weight that is not exactly 0."""
    return any(
        (numbers.get("gradient_norm") or 0) > 0
        or (numbers["last"].get("gradient_norm") or 0) > 0
        for weights in trace.weights
        if (numbers := weights.get(path))
    )


def _is_kernel(trace: Any, path: str) -> bool:
    return path.endswith("kernel") and len(trace.shapes.get(path, ())) > 1


def _nothing_moved(trace: Any, steps: int) -> Result:
    still, each = not any(trace.learning_rate), gathered(trace.optimizer)
    cause = "The learning rate is 0." if still else "No gradient reaches any weight."
    if each > steps:
        cause = f"The optimizer gathers the gradients of {each} steps for an update."
    verdict = warned if still else failed
    return verdict(
        f"none of {len(trace.shapes)} trainable weights changed in {steps} steps",
        measured=float(len(trace.shapes)),
        expected=0.0,
        unit="weights",
        cause=cause,
        fix=Fix(
            text="Set a learning rate above 0 and look for an op that cuts the gradient.",
            code="model.optimizer.learning_rate.assign(1e-3)",
        ),
    )


@check("KR317", cost="live", requires=("KR310",))
def frozen_weights(trace: Any, *, steps: int = 20) -> Result:
    """Every trainable weight changes while training.

    Why:
        A trainable kernel that keeps every bit learns nothing: it is cut off from the loss, or
        sits behind units that are all dead. The others train around it in silence.
    Fix:
        Find what cuts its gradient, or set the layer's trainable=False if it is meant.
    Tune:
        steps: Optimizer steps below which nothing is said.
    Source:
        Karpathy 2019, stage 2, "use backprop to chart dependencies".
    """
    made = trace.total_steps
    if trace.unchanged is None or made is None or not trace.shapes:
        msg = "the weights were not compared over the training"
        raise NotApplicable(msg)
    if made < steps:
        msg = f"the training made {made} steps; from {steps} on a weight should have moved"
        raise NotApplicable(msg)
    if len(trace.unchanged) == len(trace.shapes):
        return _nothing_moved(trace, made)
    silent = [path for path in trace.unchanged if not _has_gradient(trace, path)]
    kernels = [path for path in silent if _is_kernel(trace, path)]
    others = [path for path in trace.unchanged if path not in kernels]
    if not trace.unchanged:
        return passed(f"all {len(trace.shapes)} trainable weights changed", measured=0.0)
    fields: dict[str, Any] = {
        "measured": float(len(trace.unchanged)),
        "expected": 0.0,
        "unit": "weights",
        "where": ", ".join((kernels or others)[:5]),
        "evidence": {"unchanged": trace.unchanged[:50], "without_gradient": silent[:50]},
    }
    if not kernels and all(len(trace.shapes[path]) < 2 for path in others):
        named = f"; unmoved, perhaps by construction: {', '.join(others[:5])}"
        return passed(f"every trainable kernel changed{named}", **fields)
    fields["fix"] = Fix(
        text="Find the op between it and the loss that has no gradient; or freeze it openly.",
        code="layer.trainable = False",
    )
    program = trace.program
    meant = program.get("silent_output") or program.get("custom_step")
    if kernels and not meant:
        return failed(
            f"{len(kernels)} trainable kernel(s) kept every bit over {made} steps and got no "
            "gradient, while others changed",
            cause="The path to the loss is cut, or the units behind it are all dead.",
            **fields,
        )
    return warned(
        f"{len(trace.unchanged)} of {len(trace.shapes)} trainable weights kept every bit "
        f"over {made} steps",
        cause="An output without a loss, an input that never comes, or updates too small.",
        **fields,
    )
