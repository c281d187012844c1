"""What a change that mended a failure proves: which row it turns into a FAIL, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_recipe.core.result import Fix, Result, Status
from keras_recipe.diagnosis.change import Change
from keras_recipe.diagnosis.fixes import fix_of
from keras_recipe.diagnosis.trial import Attempt

_RUN = (Status.FAIL, Status.WARN, Status.PASS)
_TOGETHER = {1: "this one change", 2: "these two together", 3: "these three together"}


@dataclass(frozen=True)
class Cure:
    """What the search for a cure came to.

    Attributes:
        found: The attempt that mends the failure; None if none does.
        attempts: All that were made.
        before: Share explained as things are.
        is_proved: Whether other examples say the same.
    """

    found: Attempt | None
    attempts: Sequence[Attempt]
    before: float
    is_proved: bool


def subject_of(change: Change, rows: Sequence[Result]) -> Result | None:
    """Return the row whose subject a change is: that which complains, else the likeliest.

    Rows that were not run or were accepted by the user do not count.
    """
    known = {one.code: one for one in rows if one.status in _RUN and not one.waiver}
    found = [known[code] for code in change.codes if code in known]
    return min(found, key=lambda one: _RUN.index(one.status), default=None)


def _cause(row: Result, finding: Result, fix: Fix, attempt: Attempt) -> Result:
    """Return the row of a proved cause: it FAILs."""
    count = len(attempt.changes)
    said = (
        f"{row.message.rstrip('.')}; on a few examples that cannot be learned as it is "
        f"({finding.code}), {_TOGETHER[count]} ({attempt.text}) "
        f"{'brings' if count == 1 else 'bring'} what is learned from "
        f"{fix.tried['before']:.0%} to {fix.tried['after']:.0%} in {fix.tried['steps']} steps"
    )
    fails = row.status is Status.FAIL
    own = fails and row.fix is not None and row.fix.can_be_applied
    return row.stamped(
        status=Status.FAIL,
        message=row.message if fails else said,
        cause=row.cause or f"Proved by trying it: {attempt.text}.",
        fix=row.fix if own else fix,
        evidence={**row.evidence, "counterfactual": {**attempt.facts, "mends": finding.code}},
    )


def proved(rows: Sequence[Result], finding: Result, cure: Cure) -> list[Result]:
    """Return the rows with what the search for a cure says.

    Args:
        rows: All rows.
        finding: The failed training.
        cure: What the search came to.
    """
    evidence = {**finding.evidence, "tried": [one.facts for one in cure.attempts]}
    others, found = {one.code: one for one in rows}, cure.found
    if found is None:
        said = "; ".join(one.text for one in cure.attempts if len(one.changes) == 1)
        cause = f"No single change tried mends it: {said}." if said else finding.cause
        others[finding.code] = finding.stamped(cause=cause, evidence=evidence)
        return list(others.values())
    effect: dict[str, Any] = {"before": cure.before, "after": found.explained}
    effect |= {"unit": "share explained", "steps": found.outcome.steps[-1]}
    fix, count = fix_of(found.changes, tried=effect), len(found.changes)
    cause = f"{_TOGETHER[count].capitalize()} mends it: {found.text}."
    if count > 1:
        cause = f"No single change mends it, {_TOGETHER[count]} do: {found.text}."
    explained_by = ""
    for change in found.changes if cure.is_proved else ():
        row = subject_of(change, list(others.values()))
        explained_by = explained_by or (row.code if row else change.codes[0])
        if row is not None and row.code != finding.code:
            others[row.code] = _cause(row, finding, fix, found)
    others[finding.code] = finding.stamped(
        cause=cause, fix=fix, evidence=evidence, explained_by=explained_by
    )
    return list(others.values())
