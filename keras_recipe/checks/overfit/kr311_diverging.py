from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned


def _noise(losses: np.ndarray) -> float:
    """Return the standard deviation of one epoch's loss about its trend."""
    bends = np.diff(losses, 2)
    return float(np.median(np.abs(bends)) / 0.6745 / np.sqrt(6)) if len(bends) else 0.0


@check("KR311", cost="live", requires=("KR310",))
def diverging(
    trace: Any,
    *,
    epochs: int = 3,
    excess: float = 1.5,
    explosion: float = 1000.0,
    noises: int = 4,
) -> Result:
    """The training loss does not rise past its start.

    Why:
        A loss that climbs means that each step does harm: the learning rate is too high, the
        gradient has the wrong sign, or the labels changed their meaning.
    Fix:
        Lower the learning rate by 10, warm it up, or clip the gradient.
    Tune:
        epochs: Epochs below which nothing is said.
        excess: Final loss to the loss of the best constant prediction to FAIL: a net that ends
            this much worse than one that ignores its inputs was harmed; no unit.
        explosion: Final to first loss to FAIL where the constant's loss is not known.
        noises: Standard deviations of an epoch's loss about its trend that a rise exceeds.
    Source:
        Karpathy 2019, stage 3; Lightning's detector alarms at 2 running means.
    """
    losses = np.array([loss for loss in trace.series("loss") if np.isfinite(loss)])
    if len(losses) < epochs:
        msg = f"the training has fewer than {epochs} epochs with a loss"
        raise NotApplicable(msg)
    first, last = float(losses[0]), float(losses[-2:].min())  # both of the last two epochs
    rise, noise = last - first, _noise(losses)
    fields: dict[str, Any] = {
        "measured": last,
        "expected": first,
        "unit": "loss",
        "cause": "The steps are too large: the learning rate is too high for this model.",
        "fix": Fix(
            text="Lower the learning rate by a factor of 10.",
            code="model.optimizer.learning_rate.assign(0.1 * model.optimizer.learning_rate)",
        ),
        "evidence": {"noise": noise, "constant_loss": trace.constant_loss},
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
    if rise <= max(noises * noise, 0.02 * abs(first)):
        return passed(
            f"the training loss went from {first:.4g} to {float(losses[-1]):.4g}",
            measured=float(losses[-1]),
        )
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
