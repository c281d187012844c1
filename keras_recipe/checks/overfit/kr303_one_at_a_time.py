import math
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.ladder import LadderResult, Rung


def _is_noise(rung: Rung, best: Rung) -> bool:
    """Whether a kept change was not shown to help."""
    if math.isnan(rung.gain):  # nothing to compare with is no noise where nothing trained
        return bool(best.scores) or not rung.scores
    return not rung.interval[0] > 0


def _faults(ladder: LadderResult) -> list[str]:
    """Return what is wrong with each change that was kept."""
    faults, best = [], ladder.rungs[0]
    before: tuple[str, ...] = ()
    for rung in (one for one in ladder.rungs[1:] if one.kept):
        made = rung.records[0].moves if rung.records else (*before, rung.move.name)
        if len(rung.move.parts) > 1:
            faults.append(f"{rung.move.name!r} changes {' and '.join(rung.move.parts)} at once")
        elif len(made) > len(before) + 1:
            faults.append(f"{' and '.join(made[len(before) :])} were tried together only")
        if _is_noise(rung, best):
            faults.append(f"{rung.move.name!r} was kept within the noise")
        best, before = rung, made
    return faults


def _picture(ladder: LadderResult) -> list[dict[str, Any]]:
    scores = [rung.score for rung in ladder.rungs if rung.kept]
    if len(scores) < 2 or not all(math.isfinite(score) for score in scores):
        return []
    series = {f"{ladder.monitor}, mean of the seeds": scores}
    title = "Loss after each change that was kept"
    return [
        {
            "kind": "curves",
            "title": title,
            "series": series,
            "xlabel": "changes",
            "ylabel": "loss",
        }
    ]


@check("KR303", cost="experiment")
def one_at_a_time(ladder: LadderResult) -> Result:
    """Each change that was kept was made alone and helped beyond noise.

    Why:
        Of several changes made at once nobody knows which one helped, and one that harms
        hides behind another. A gain that another seed would turn round is none, and the
        complexity stays.
    Fix:
        Make one change at a time, train it with the same seeds as the best so far, and keep
        it only if the whole interval of its gain is above zero.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed.
    Source:
        Karpathy 2019, stage 3, "add complexity only one at a time". It WARNs only: a change
        kept within the noise may still be a good one.
    """
    if len(ladder.rungs) < 2:
        msg = "no change was tried: the program as it is met the goal, or there was none to try"
        raise NotApplicable(msg)
    tried, kept = ladder.rungs[1:], [rung for rung in ladder.rungs[1:] if rung.kept]
    names = ", ".join(rung.move.name for rung in kept)
    fields: dict[str, Any] = {
        "measured": float(len(kept)),
        "unit": "changes kept",
        "evidence": {
            rung.move.name: {
                "gain": rung.gain,
                "interval": list(rung.interval),
                "unit": rung.unit,
                "kept": rung.kept,
                "reason": rung.reason,
            }
            for rung in tried
        },
        "pictures": _picture(ladder),
    }
    if faults := _faults(ladder):
        return warned(
            f"of {len(kept)} changes kept, {'; '.join(faults)}",
            cause="What helped cannot be told from what did not.",
            fix=Fix(text="Try each change alone, with the same seeds as the best before it."),
            **fields,
        )
    if not kept:
        return passed(
            f"none of {len(tried)} changes helped beyond noise; none was kept", **fields
        )
    return passed(
        f"{len(kept)} of {len(tried)} changes helped beyond the noise of {len(ladder.seeds)} "
        f"seeds and were kept: {names}",
        **fields,
    )
