from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.refitting import longer, with_settings
from keras_recipe.experiments.gains import Gain, gain_of
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


def _too_short(more: Gain, epochs: int, *, large: bool) -> tuple[str, Fix]:
    """Return that too few steps were made, and what makes more."""
    code = "batch_size=32" if large else f"epochs={4 * epochs}"
    fix = Fix(
        text="Take smaller batches." if large else "Train longer, with early stopping.",
        code=f"model.fit(x, y, {code}, callbacks=[...])",
        data=partial(with_settings, batch_size=32) if large else partial(longer, times=4),
        tried=more.tried,
    )
    return "Too few steps: few epochs, large batches or a low rate.", fix


def _never_caught_up(trace: Any, apart: float) -> tuple[str, Fix] | None:
    """Return that the model is an average of weights that still is that of the start, if so."""
    momentum, made = trace.optimizer.get("ema_momentum"), trace.total_steps or 0
    got, skill = gain(trace), trace.onward.get("skill")
    if not momentum or got is None or skill is None or got - skill < apart:
        return None
    if momentum**made < 0.5:  # less than half of the average is its first value
        return None
    code = f"keras.optimizers.Adam(use_ema=True, ema_momentum={max(0.0, 1 - 10 / made):.3g})"
    return (
        f"the last epochs' loss shows {got:.0%} of what a constant leaves, the model that is "
        f"kept {skill:.0%}: it is the optimizer's moving average of the weights, and at a "
        f"momentum of {momentum:g} that still is mostly the first step's after {made} steps",
        Fix(text="Let the average forget within the training.", code=code),
    )


def _left_behind(trace: Any, more: Gain, apart: float) -> tuple[str, Fix] | None:
    """Return why the model is far from where its last epochs were; None if it is not.

    The last epochs' loss is that of the weights that made it. A model that knows much less of
    the same rows has got other weights since, or its moving statistics lag behind.
    """
    got = gain(trace)
    if got is None or got - more.before < apart:
        return None
    return (
        "The model's weights are not those of the last epochs: put back from a poor one (a "
        "wrong `mode` or `monitor`), averaged too slowly, used with stale statistics, or "
        "thrown off by the last steps.",
        Fix(
            text="Keep the weights of the epoch that is best by a metric read the right way.",
            code='EarlyStopping("val_loss", patience=10, restore_best_weights=True)',
            tried=more.tried,
        ),
    )


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
    apart: float = 0.4,
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
        apart: Share of the best constant's loss that is gone in the last epochs, less the
            share learned that the model shows, from which the weights are not those of these
            epochs. Of 46 healthy trainings 45 were apart by 0.03 at most; the other had a loss
            of counts that falls below 0. It chooses the cause, never the status, but for
            averages of weights.
    Source:
        Karpathy 2019, stage 6, "leave it training".
    """
    losses = np.array(trace.series("loss"), "float64")
    if not len(losses) or not np.isfinite(losses).all():
        msg = "the training has no finite loss in each epoch"
        raise NotApplicable(msg)
    epochs, made = len(losses), trace.total_steps
    fields: dict[str, Any] = {"unit": "share learned", "where": f"epoch {epochs}"}
    averaged = _never_caught_up(trace, apart)
    if averaged is not None:
        cause = "The average of the weights is slower than the training is long."
        fields |= {"measured": trace.onward["skill"], "expected": gain(trace)}
        return failed(averaged[0], cause=cause, fix=averaged[1], **fields)
    more = gain_of(trace, "same", least)
    if more is not None and more.beyond > 0:
        text = (
            f"training stopped after {epochs} epochs ({made} steps) on its way: {more.steps} "
            f"further steps as it was and it {more.words}"
        )
        large = more.batch_size > large_batch and (made or 0) < few * epochs
        cause, fix = _left_behind(trace, more, apart) or _too_short(more, epochs, large=large)
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
