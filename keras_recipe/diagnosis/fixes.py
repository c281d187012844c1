"""Findings get the change that mends them, tried on the check that failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import keras

from keras_recipe.core.check import CHECKS
from keras_recipe.core.result import Cost, Fix, Result, Status
from keras_recipe.core.runner import examined
from keras_recipe.data.batch import Batch
from keras_recipe.data.recoding import change_rows
from keras_recipe.diagnosis.change import Change, in_order, unchanged

_CHEAP = (Cost.STATIC, Cost.FORWARD)
_MENDED = (Status.PASS, Status.WARN)


def in_turn(changes: Sequence[Change]) -> Callable[[Any], Any] | None:
    """Return what makes all changes for good; None where one has to be made by hand."""
    actions = [change.action for change in changes]
    if any(action is None for action in actions):
        return None

    def act(model: Any) -> Any:
        for action in actions:
            made = action(model) if action is not None else None
            model = model if made is None else made
        return model

    return act


def in_the_data(changes: Sequence[Change]) -> Callable[[Any], Any] | None:
    """Return what makes all changes on what `fit` is given; None if not all are of the rows."""
    if any(change.action is not None or change.data is unchanged for change in changes):
        return None

    def act(rows: Batch) -> Batch:
        for change in changes:
            rows = change.data(rows)
        return rows

    return partial(change_rows, change=act)


def fix_of(changes: Sequence[Change], tried: Mapping[str, Any] | None = None) -> Fix:
    """Return the fix that makes some changes at once.

    Args:
        changes: One, or a pair.
        tried: What the measurement became.
    """
    text = ", and ".join(one.text for one in changes)
    return Fix(
        text=f"{text[0].upper()}{text[1:]}.",
        code="; ".join(one.code for one in changes),
        action=in_turn(in_order(changes)),
        data=in_the_data(changes),
        tried=tried or {},
    )


def _rechecked(row: Result, change: Change, subject: Any, tune: Mapping[str, Any]) -> Result:
    """Return what the check of a row says while a change is made."""
    model = subject.need("model")
    try:
        with change.during(model) as made:
            other = subject.under(made if isinstance(made, keras.Model) else model)
            return examined(CHECKS[row.code], other, tune.get(row.code, {}))
    except Exception as reason:  # noqa: BLE001  a change that this model does not take
        return Result(status=Status.ERROR, message=str(reason))


def with_fixes(
    rows: Sequence[Result],
    offered: Sequence[Change],
    subject: Any,
    guard: Any,
    *,
    tune: Mapping[str, Any],
    seconds: float,
) -> list[Result]:
    """Return the rows; a FAIL that a change takes away has the change as its fix.

    Where another check complains of what was changed, that is what explains the FAIL.

    Only checks that do not train are asked again, and only where the finding's own fix can
    neither be applied nor was tried.

    Args:
        rows: All rows.
        offered: The changes that can be made on this program.
        subject: The examined program.
        guard: Puts the model back after each change.
        tune: Thresholds by code.
        seconds: Time after which no further change is made.
    """
    began, found = time.perf_counter(), []
    complaining = {one.code for one in rows if one.is_problem}
    for given in rows:
        row = given
        able = [one for one in offered if row.code in one.codes and one.action is not None]
        done = row.fix is not None and (row.fix.can_be_applied or row.fix.tried)
        wanted = row.is_problem and row.status is Status.FAIL and row.cost in _CHEAP
        for change in able if wanted and not done else ():
            if time.perf_counter() - began > seconds:
                break
            again = _rechecked(row, change, subject, tune)
            guard.restore()
            if again.status in _MENDED:
                subject_code = change.codes[0]
                cause = subject_code if subject_code in complaining - {row.code} else ""
                fix = fix_of((change,), _effect(row, again))
                row = row.stamped(fix=fix, explained_by=cause)
                break
        found.append(row)
    return found


def _effect(before: Result, after: Result) -> dict[str, Any]:
    """Return the facts for `Fix.tried`; none where the two do not measure the same."""
    if before.measured is None or after.measured is None or before.unit != after.unit:
        return {}
    return {"before": before.measured, "after": after.measured, "unit": before.unit}
