from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import leaves
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.features import encoded
from keras_recipe.data.recoding import blank_columns
from keras_recipe.data.shortcut import (
    Column,
    columns,
    misled,
    restates,
    shuffled,
    single_shares,
)
from keras_recipe.data.unseen import signal_of

_SEVERITY = ("pass", "warn", "fail")
_NAMED = 5
_MOST = 0.9  # share explained by a column that may be the label itself
_OTHERS = 4  # columns beside one that restates the label, for a problem without it
_DROP = Fix(
    text="Leave out what is not known, or not meant to be used, when the model predicts.",
    code="x = np.delete(x, column, axis=1)",
)


def _dropped(places: Sequence[tuple[int, int]]) -> Fix:
    """Return the fix that leaves some columns without anything to tell."""
    return replace(_DROP, data=partial(blank_columns, columns=places) if places else None)


def _is_input(answer: Answer) -> bool:
    """Whether the target is one of the inputs, as an autoencoder has it."""
    y = leaves(answer.rows.y)[answer.question.place]
    return any(
        y.size == x.size and np.array_equal(y.ravel(), x.ravel()) for x in leaves(answer.rows.x)
    )


def _telling(shares: np.ndarray, made: list[Column]) -> list[int]:
    """Return the columns that tell most of the label."""
    return [int(i) for i in np.flatnonzero(shares >= _MOST) if made[i].index is not None]


def _judged(
    answer: Answer, fit: CrossFit, *, near: float, sure: float, gain: float, partly: float
) -> Result:
    if answer.y.mixed or _is_input(answer):
        msg = "the labels are many numbers a row, or the inputs themselves"
        raise NotApplicable(msg)
    held = len(answer.held_y.values) and answer.held_y.varied
    splits = [answer.rows, *([answer.held_rows] if held and answer.held_rows else [])]
    labels = [answer.y, answer.held_y][: len(splits)]
    made, values = columns(*splits)
    if not made:
        msg = "the inputs have no columns of numbers"
        raise NotApplicable(msg)
    shares = single_shares(values, labels, fit.seed)
    best = int(np.argmax(shares[0]))
    column, share = made[best], float(shares[0][best])
    fields: dict[str, Any] = {"unit": "share explained", "fix": _DROP}
    if found := misled(fit, answer, made, shares, near=near, sure=sure, gain=gain):
        return failed(
            f"{found.columns[0]} alone explains {found.share:.0%} of the training labels and "
            f"{max(found.held_share, 0):.0%} of the validation labels; without it a simple "
            f"model explains {found.after:.0%} of these instead of {max(found.before, 0):.0%}",
            measured=found.share,
            expected=max(found.held_share, 0.0),
            where=", ".join(found.columns[:_NAMED]),
            cause="The input carries the label in training, but not when it matters.",
            evidence={"columns": found.columns[:50]},
            **{**fields, "fix": _dropped(found.places)},
        )
    fields |= {"measured": share, "where": column.name}
    text = f"{column.name} alone explains {share:.0%} of the labels"
    same = [i for i in _telling(shares[0], made) if restates(values[0][:, i], answer.y)]
    if same:
        twin = made[same[0]]
        (x,) = encoded(shuffled(answer.rows, answer.rows, [twin], fit.seed), seed=fit.seed)
        rest = signal_of(x, answer.y, fit.seed)
        if (
            len(same) == 1
            and rest.z >= sure
            and partly <= rest.skill <= 0.98
            and len(made) > _OTHERS
        ):
            fields |= {"where": twin.name, "expected": rest.skill}
            fields["fix"] = _dropped(
                [(twin.leaf, twin.index)] if twin.index is not None else []
            )
            return failed(
                f"{twin.name} is the label itself, in other units or names; the other columns "
                f"explain {rest.skill:.0%}",
                cause="The label, or what was computed from it, was left among the inputs.",
                **fields,
            )
    if (share < near and not same) or len(made) == 1:
        return passed(text, **fields)
    alone = int((shares[0] >= near).sum())
    if alone > max(1, len(made) // 10):
        return passed(f"{alone} of {len(made)} columns each explain the labels alone", **fields)
    return warned(
        f"{text}; expected several to be needed, unless the problem is that easy",
        expected=near,
        cause="A column made from the label (leakage), or an easy problem.",
        **fields,
    )


@check("KR114", cost="train", requires=("KR101", "KR102"))
def shortcut_feature(
    crossfit: CrossFit,
    *,
    near: float = 0.98,
    sure: float = 5.0,
    gain: float = 0.08,
    partly: float = 0.05,
) -> Result:
    """No single column, pixel, brightness or length gives the label away.

    Why:
        A net takes the easiest way. A column that was made from the label, or a mark in the
        corner of a picture, makes training perfect and the model useless.
    Fix:
        Drop what is not known when the model predicts; look where the column comes from.
    Tune:
        near: Share explained by one column that counts as telling the label.
        sure: Deviations above shuffled labels of what the other columns explain, for a FAIL.
        gain: Share of the validation labels that leaving the columns out must win for a FAIL.
        partly: Share that the other columns must explain where one is the label itself: then
            there is a problem to be solved without it.
    Source:
        Kaufman et al. 2012, "Leakage in data mining". A step function of one column at a time,
        learned on one half of the rows and scored on the other. A column that tells nearly all
        is normal for easy problems, hence a WARN; FAIL by counterfactual: the column tells the
        training labels only, shuffling it mends the validation, and nothing else differs.
    """
    results, reasons = [], []
    for answer in crossfit.answers():
        try:
            results.append(
                _judged(answer, crossfit, near=near, sure=sure, gain=gain, partly=partly)
            )
        except NotApplicable as reason:
            reasons.append(reason)
    if not results:
        raise reasons[0]
    return max(results, key=lambda r: _SEVERITY.index(str(r.status)))
