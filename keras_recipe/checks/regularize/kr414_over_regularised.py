from dataclasses import replace
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.gains import gain_of
from keras_recipe.experiments.progress import gain, grew, rates, regularized
from keras_recipe.surgery.toggles import switch_off_regularization


def _culprit(trace: Any) -> tuple[str, str]:
    """Return what regularises most, in words, and one line that lowers it."""
    dropout, decay = trace.program.get("dropout", 0.0), trace.optimizer.get("weight_decay", 0)
    if trace.penalty_before and trace.penalty_before > 0.1 * abs(trace.constant_loss or 1.0):
        return (
            f"The penalty on the weights: {trace.penalty_before:.3g} at the start, beside a "
            "data loss of the order of "
            f"{trace.constant_loss or trace.series('loss')[-1]:.3g}.",
            "kernel_regularizer=keras.regularizers.L2(1e-4)",
        )
    if dropout >= 0.5 or not decay:
        return f"Dropout of {dropout:.2g}.", "model.set_dropout(0.2)"
    return f"A weight decay of {decay:.3g}.", "model.set_weight_decay(1e-4)"


def _shrunk(trace: Any, share: float, decayed: float) -> bool:
    """Whether penalties or a decay outweighed the data and pulled the kernels down."""
    outweighed = (trace.penalty_before or 0) > abs(trace.constant_loss or float("inf"))
    a_step = trace.optimizer.get("weight_decay", 0) * max([*rates(trace), 0.0])
    return (outweighed or a_step > decayed) and (grew(trace) or 1.0) < share


def _held_up(trace: Any, factor: float) -> bool:
    """Whether the loss without dropout, on validation rows, is far below that with it."""
    losses, held = (np.array(trace.series(name)[-3:]) for name in ("loss", "val_loss"))
    if not len(held) or trace.penalty is None or not trace.program.get("dropout"):
        return False
    return bool(held.mean() - trace.penalty < (losses.mean() - trace.penalty) / factor)


@check("KR414", cost="live", requires=("KR310",))
def over_regularised(
    trace: Any,
    *,
    least: float = 0.2,
    shrunk: float = 0.5,
    decayed: float = 0.01,
    nothing: float = 0.1,
    factor: float = 2.0,
    poor: float = 0.5,
) -> Result:
    """Dropout, penalties, decay and added losses leave the training data learnable.

    Why:
        Regularisation is for a net that has learned its training set by heart. Before that it
        only holds it up: training is worse than it could be, and so is everything else.
    Fix:
        Switch it off, overfit, and bring it back in small steps.
    Tune:
        least: Share of what can be learned that training on without any must bring to FAIL:
            beyond the same with it.
        shrunk: Norm of the kernels at the end, relative to the start, under which a penalty
            that outweighs the data has pulled them down; with `nothing` learned it FAILs.
        decayed: Share of a weight that a decay takes a step, at the highest rate, from which
            it outweighs the data likewise: more than any healthy update puts in (1e-3 to 1e-2).
        nothing: Share of the best constant's loss under which nothing was learned. What layers
            add to the loss may be what a net is for (a prior, sparse codes), so it is only
            blamed where as little was learned with it.
        factor: Training loss to validation loss, penalties left out, from which dropout holds
            the training up.
        poor: Share of the best constant's loss on training rows under which that is a WARN.
    Source:
        Karpathy 2019, stages 3 and 4: overfit first, then regularise; UMLAUT's high dropout.
    """
    added = gain_of(trace, "unadded", least)
    if not trace.series("loss") or not (regularized(trace) or added):
        msg = "nothing regularises, or there is no loss"
        raise NotApplicable(msg)
    cause, code = _culprit(trace)
    got, free = gain(trace), gain_of(trace, "free", least)
    penalty, last = trace.penalty, trace.series("loss")[-1]
    share = None if penalty is None or not last else penalty / abs(last)
    fields: dict[str, Any] = {
        "measured": got,
        "unit": "share of the best constant's loss gone",
        "evidence": {"penalty_share": share, "kernels_grew": grew(trace)},
    }
    fix = Fix(
        text="Switch it off until the net overfits.",
        code=code,
        action=switch_off_regularization,
    )
    if free is not None and free.beyond > 0:
        return failed(
            f"{free.steps} more steps without regularisation and the model {free.words} "
            f"({free.same:.0%} with more of the same)",
            cause=cause,
            fix=replace(fix, tried=free.tried),
            **{**fields, "measured": free.before, "expected": free.after, "unit": "learned"},
        )
    if added is not None and added.beyond > 0 and added.before < nothing:
        return failed(
            f"{added.steps} more steps without what layers add to the loss and the model "
            f"{added.words} ({added.same:.0%} with more of the same)",
            cause="An added loss outweighs the data: `add_loss`, or an `activity_regularizer`.",
            fix=Fix(
                text="Weigh it less, until the net learns from the data.",
                code="self.add_loss(1e-3 * penalty)  # activity_regularizer=L1(1e-5)",
                tried=added.tried,
            ),
            **{**fields, "measured": added.before, "expected": added.after, "unit": "learned"},
        )
    text = f"the training loss ended at {last:.4g}" + (
        "" if share is None else f", of which penalties are {share:.0%}"
    )
    if got is not None and got < nothing and _shrunk(trace, shrunk, decayed):
        return failed(
            f"{text}; the kernels shrank to {grew(trace):.0%} and nothing was learned",
            cause=cause,
            fix=fix,
            **fields,
        )
    if got is not None and got < poor and _held_up(trace, factor) and free is None:
        return warned(f"{text}, far above the validation loss", cause=cause, fix=fix, **fields)
    return passed(text, **fields)
