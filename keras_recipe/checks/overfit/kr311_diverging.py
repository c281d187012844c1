from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.progress import when


def _is_noise(losses: np.ndarray, falls: float) -> bool:
    """Whether a rise is within what the loss falls again from one epoch to the next."""
    values = np.log(losses) if losses.min() > 0 else losses  # a loss that explodes swings wider
    largest = float(np.maximum(-np.diff(values), 0).max())
    return float(values[-2:].min() - values[0]) <= falls * largest


@check("KR311", cost="live", requires=("KR310",))
def diverging(
    trace: Any,
    *,
    epochs: int = 3,
    excess: float = 1.5,
    explosion: float = 1000.0,
    falls: float = 2.0,
    share: float = 0.02,
) -> Result:
    """The training loss does not rise past its start, nor fall without end.

    Why:
        A loss that climbs means that each step does harm: the learning rate is too high, the
        gradient has the wrong sign, or the labels changed their meaning.
    Fix:
        Lower the learning rate by 10, warm it up, or clip the gradient.
    Tune:
        epochs: Epochs below which nothing is said.
        excess: Final loss to the loss of the best constant prediction to FAIL: a net that ends
            this much worse than one that ignores its inputs was harmed; no unit.
        explosion: Final to first loss to FAIL where the constant's loss is not known; and how
            many times the larger of the two, and of 1, a loss below 0 must be to have no end.
        falls: Largest fall from one epoch to the next (of the logarithm, where the loss is
            positive) times this is noise, and so is a rise within it.
        share: Rise relative to the first epoch that is passed over.
    Source:
        Karpathy 2019, stage 3; Lightning's detector alarms at 2 running means.
    """
    losses = np.array([loss for loss in trace.series("loss") if np.isfinite(loss)])
    if len(losses) < epochs:
        msg = f"the training has fewer than {epochs} epochs with a loss"
        raise NotApplicable(msg)
    first, last = float(losses[0]), float(losses[-2:].min())  # both of the last two epochs
    fields: dict[str, Any] = {
        "measured": last,
        "expected": first,
        "unit": "loss",
        "cause": "The steps are too large: the learning rate is too high for this model.",
        "fix": Fix(
            text="Lower the learning rate by a factor of 10.",
            code="model.optimizer.learning_rate.assign(0.1 * model.optimizer.learning_rate)",
        ),
        "evidence": {"losses": losses.tolist(), "constant_loss": trace.constant_loss},
        "pictures": [
            {
                "kind": "curves",
                "title": "Training loss",
                "series": {"loss": losses.tolist()},
                "xlabel": "epoch",
                "ylabel": "loss",
            }
        ],
    }
    size = max(abs(first), abs(trace.constant_loss or 0.0), 1.0)
    if losses[-1] < -explosion * size and not trace.program.get("custom_step"):
        unbounded = {
            "cause": "A term of the loss has no lower end: a sign is flipped (a divergence, an "
            "entropy), or something is pushed apart without a margin.",
            "fix": Fix(text="Flip its sign, or bound it.", code="self.add_loss(divergence)"),
        }
        return failed(
            f"the training loss falls without end, from {first:.4g} to {losses[-1]:.4g}",
            **{**fields, **unbounded},
        )
    if last - first <= share * abs(first) or _is_noise(losses, falls):
        return passed(
            f"the training loss went from {first:.4g} to {float(losses[-1]):.4g}",
            measured=float(losses[-1]),
        )
    above = np.flatnonzero(losses <= first + share * abs(first))[-1] + 1  # and stayed there
    fields["where"] = when(trace, max(int(above), epochs - 1))
    text = (
        f"the training loss rose from {first:.4g} to {last:.4g} or more in the last two epochs"
    )
    constant, penalty = trace.constant_loss, trace.penalty
    comparable = constant is not None and constant > 0 and penalty is not None
    worse = comparable and last - penalty > excess * constant
    exploded = first > 0 and last > explosion * first
    if (worse or exploded) and not trace.program.get("custom_step"):
        beside = f"; a constant prediction scores {constant:.4g}" if worse else ""
        return failed(text + beside, **fields)
    return warned(text, **fields)
