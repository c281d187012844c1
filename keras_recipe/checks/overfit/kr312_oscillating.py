from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.gains import gain_of
from keras_recipe.experiments.progress import gain, rates


def jitter(losses: np.ndarray) -> tuple[float, float]:
    """Return the swing of an epoch's loss about its neighbours, and the share of turns.

    Args:
        losses: One an epoch, three or more.

    Returns:
        The median distance of a loss from the mean of the two beside it, and the share of
        epochs at which a fall turns into a rise or the other way round.
    """
    steps = np.diff(losses)
    turns = np.mean(np.sign(steps[1:]) * np.sign(steps[:-1]) < 0)
    return float(np.median(np.abs(np.diff(losses, 2)))) / 2, float(turns)


def _is_cyclic(trace: Any) -> bool:
    """Whether the rate itself goes up and down."""
    moves = np.sign(np.diff(rates(trace)))
    return bool((moves > 0).any() and (moves < 0).any())


@check("KR312", cost="live", requires=("KR310",))
def oscillating(
    trace: Any,
    *,
    epochs: int = 6,
    turns: float = 0.5,
    swing: float = 0.1,
    least: float = 0.2,
    worse: float = 0.5,
) -> Result:
    """The training loss settles: it does not jump up and down around its trend.

    Why:
        Steps that overshoot throw away at each turn what the last one found. The loss swings,
        and where it ends is a matter of luck.
    Fix:
        Lower the learning rate, let it decay, or take larger batches.
    Tune:
        epochs: Epochs below which nothing is said; only their later half is looked at.
        turns: Share of epochs at which the loss turns round; 2/3 is pure noise.
        swing: Median swing, relative to the best constant's loss (the mean loss, where that
            is not known), from which it is worth a WARN.
        least: Share of what can be learned that a lower rate must bring, trained on with it
            after the fit, to FAIL.
        worse: Mean loss of the later half above the best constant's, relative, from which it
            FAILs too: the net jumps about without ever being better than no net.
    Source:
        Karpathy 2019, stage 2, "visualize prediction dynamics"; AUTOTRAINER's oscillating loss.
    """
    losses = np.array([loss for loss in trace.series("loss") if np.isfinite(loss)])
    if len(losses) < epochs:
        msg = f"the training has fewer than {epochs} epochs with a loss"
        raise NotApplicable(msg)
    if _is_cyclic(trace):
        msg = "the learning rate goes up and down by itself, and the loss with it"
        raise NotApplicable(msg)
    later = losses[min(len(losses) // 2, len(losses) - epochs // 2 - 1) :]
    size, turned = jitter(later)
    constant = trace.constant_loss
    scale = abs(constant) if constant else abs(float(later.mean()))
    relative = size / max(scale, 1e-30)
    fields: dict[str, Any] = {
        "measured": relative,
        "expected": swing,
        "unit": "swing, relative",
        "where": f"epochs {len(losses) - len(later) + 1} to {len(losses)}",
        "evidence": {"turns": turned, "losses": losses.tolist(), "constant_loss": constant},
    }
    text = f"the training loss swings by {size:.3g} an epoch around {later.mean():.4g}"
    if relative < swing or turned < turns:
        return passed(text, **fields)
    fields["cause"] = (
        "The steps overshoot: the learning rate is too high, or batches too small."
    )
    lower = gain_of(trace, "slower", least)
    fields["fix"] = Fix(
        text="Lower the learning rate by 10.",
        code="model.optimizer.learning_rate.assign(0.1 * model.optimizer.learning_rate)",
        tried={} if lower is None else lower.tried,
    )
    if lower is not None and lower.beyond > 0:
        return failed(f"{text}; at a lower rate it {lower.words}", **fields)
    got = gain(trace)
    lost = got is not None and constant and (constant - later.mean()) / scale < -worse
    if lost and not trace.program.get("custom_step"):
        return failed(f"{text}; the best constant prediction scores {constant:.4g}", **fields)
    return warned(text, **fields)
