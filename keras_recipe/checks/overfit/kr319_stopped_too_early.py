from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.gains import gain_of
from keras_recipe.experiments.progress import gain


def _promise(losses: np.ndarray) -> tuple[float, float]:
    """Return the fall of the last third of the epochs, relative, and the noise of an epoch."""
    third = max(1, len(losses) // 3)
    before, after = float(losses[-2 * third : -third].mean()), float(losses[-third:].mean())
    bends = np.abs(np.diff(losses, 2)) if len(losses) > 2 else np.zeros(1)
    return (before - after) / third, float(np.median(bends)) / np.sqrt(6)


def _was_better(trace: Any) -> bool:
    """Whether the loss was half as high before the last epoch: it jumps, and was there."""
    found = [np.array(trace.series(name), "float64") for name in ("loss", "val_loss")]
    known = [one for one in found if len(one) > 1 and one[-1] > 0]
    return any(one[:-1].min() <= one[-1] / 2 for one in known)


@check("KR319", cost="live", requires=("KR310",))
def stopped_too_early(
    trace: Any,
    *,
    least: float = 0.2,
    short: float = 2 / 3,
    learned: float = 0.8,
    share: float = 0.05,
    noises: float = 3.0,
    large_batch: int = 128,
    few: int = 10,
) -> Result:
    """Training ends where further steps would bring little.

    Why:
        A net that is stopped on its way is judged by what it could not show yet: too few
        epochs, batches so large that an epoch is a handful of steps, a rate too low.
    Fix:
        Train longer, with early stopping to end it; or take smaller batches.
    Tune:
        least: Share of what can be learned that training on as it was must bring, on rows it
            does not see meanwhile, to FAIL: for three times the steps that were made, at least
            150 and at most 300. WARN where one epoch was asked for: it may be part of a loop;
            and where an earlier epoch had half the loss: it jumps, and ended at a bad moment.
        short: Share of what is reached then under which it must have stayed to FAIL, else
            WARN; that of KR207.
        learned: Share of the best constant's loss that, once gone, leaves no question.
        share: Fall of the loss an epoch, over the last third of the epochs and relative to
            the best constant's loss, that is worth a WARN.
        noises: Standard deviations of an epoch's loss that it must be, too.
        large_batch: Rows a step from which smaller batches are advised, not more epochs;
        few: where an epoch has fewer steps than this.
    Source:
        Karpathy 2019, stage 6, "leave it training".
    """
    losses = np.array(trace.series("loss"), "float64")
    if not len(losses) or not np.isfinite(losses).all():
        msg = "the training has no finite loss in each epoch"
        raise NotApplicable(msg)
    epochs, made = len(losses), trace.total_steps
    fields: dict[str, Any] = {"unit": "share learned", "where": f"epoch {epochs}"}
    more = gain_of(trace, "same", least)
    if more is not None and more.beyond > 0:
        text = (
            f"training stopped after {epochs} epochs ({made} steps) on its way: {more.steps} "
            f"further steps as it was and it {more.words}"
        )
        large = more.batch_size > large_batch and (made or 0) < few * epochs
        code = "batch_size=32" if large else f"epochs={4 * epochs}"
        fix = Fix(
            text="Take smaller batches." if large else "Train longer, with early stopping.",
            code=f"model.fit(x, y, {code}, callbacks=[...])",
            tried=more.tried,
        )
        cause = "Too few steps: few epochs, large batches or a low rate."
        fields |= {"measured": more.before, "expected": more.after}
        is_short = epochs > 1 and more.before < short * more.after
        verdict = failed if is_short and not _was_better(trace) else warned
        return verdict(text, cause=cause, fix=fix, **fields)
    got, constant = gain(trace), trace.constant_loss
    text = f"training ended at a loss of {losses[-1]:.4g} after {epochs} epochs"
    tried = "same" in trace.onward.get("turns", {}) or trace.onward.get("skill", 0) >= learned
    if epochs < 4 or got is None or not constant or got >= learned or tried:
        return passed(text, measured=got, **fields)
    fall, noise = _promise(losses)
    if fall < max(share * abs(constant), noises * noise):
        return passed(text, measured=got, **fields)
    return warned(
        f"{text}, still falling by {fall:.3g} an epoch; {got:.0%} of the best constant's loss "
        f"of {constant:.4g} is gone",
        measured=got,
        expected=learned,
        fix=Fix(text="Train longer.", code=f"model.fit(x, y, epochs={2 * epochs})"),
        **fields,
    )
