from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.squeezing import Squeezing


@check("KR602", cost="experiment")
def distil(squeezing: Squeezing) -> Result:
    """A single model that the ensemble teaches is no worse than one without a teacher.

    Why:
        An ensemble costs the time of all its members at each prediction. Its answers say more
        of a row than the label does, so one model can learn part of its gain from them.
    Fix:
        Where the student is worse, the members ended too early to be teachers: train the
        program for as long as the student was, on the labels alone.
    Tune:
        Nothing: the interval is the bootstrap's at 95 %, over held-out rows.
    Source:
        Karpathy 2019, stage 6; Hinton, Vinyals & Dean 2015. It WARNs only: a student that
        falls behind is a poor bargain and no fault.
    """
    found = squeezing.distilled
    if found is None:
        msg = f"no student was trained: {squeezing.left_out.get('student', 'not asked for')}"
        raise NotApplicable(msg)
    one, all_of_them = found.on_single, found.on_ensemble
    notes = "".join(f" ({note})" for note in found.notes)
    text = f"against the same training, as long, without a teacher: {one.text}{notes}"
    fields: dict[str, Any] = {
        "measured": one.gain,
        "unit": "loss",
        "evidence": {"on_single": one.to_dict(), "on_ensemble": all_of_them.to_dict()},
    }
    if one.harms:
        return warned(
            f"the student is worse {text}",
            cause="Its teacher has learned less than the labels teach in the same time.",
            fix=Fix(text="Train the program itself for as long as the student was."),
            **fields,
        )
    worth = "better" if one.helps else "as good, within noise,"
    return passed(f"the student is {worth} {text}; its teacher has {-all_of_them.gain:.3g} "
                  "less loss", **fields)  # fmt: skip
