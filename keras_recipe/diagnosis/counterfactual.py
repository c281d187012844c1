"""Change one thing and look again: the change that mends a failed training."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from keras_recipe.core.ranking import TRAINING
from keras_recipe.core.report import Report
from keras_recipe.core.result import Cost, Result, Status
from keras_recipe.diagnosis.changes import changes
from keras_recipe.diagnosis.fixes import with_fixes
from keras_recipe.diagnosis.proof import Cure, proved
from keras_recipe.diagnosis.search import Search
from keras_recipe.diagnosis.trial import HOPELESS, Trial

STEPS = 200  # of each training where the failed check does not say
SECONDS = 30.0  # for all changes together
_FIRST = ("KR209", "KR208")


def _failed(report: Report) -> Result | None:
    """Return the training that failed and has no cause yet."""
    found = [
        one
        for one in report.results
        if one.is_problem
        and one.status is Status.FAIL
        and one.code in TRAINING
        and one.cost == Cost.TRAIN
        and not (one.fix and one.fix.tried)
    ]
    order = {code: place for place, code in enumerate(_FIRST)}
    return min(found, key=lambda one: order.get(one.code, len(order)), default=None)


def explain(
    report: Report,
    subject: Any,
    guard: Any,
    *,
    progress: Callable[[str], None] = lambda _: None,
    tune: Mapping[str, Any] | None = None,
    seconds: float = float("inf"),
) -> Report:
    """Return the report with the changes that mend its FAILs, as far as some do.

    Of a failed training the changes are tried one at a time, from the same weights, on the
    same examples and for the same steps; several at once where no single one mends it. What
    mends it on other examples too is proved: the check whose subject it is FAILs, and the
    failed training is its symptom.

    Args:
        report: What the checks said.
        subject: The examined program.
        guard: Puts the model back after each change.
        progress: Called with what is being tried.
        tune: Thresholds of the checks by code.
        seconds: Time for all changes together.
    """
    if report.ok or seconds <= 0:
        return report
    began, limit = time.perf_counter(), min(seconds, SECONDS)
    suspects = {one.code: one for one in report.results if one.is_problem}
    offered = changes(subject.need("model"), subject.sample, subject.task, suspects)
    rows = with_fixes(
        report.results, offered, subject, guard, tune=tune or {}, seconds=limit / 2
    )
    finding = _failed(report)
    if finding is not None:
        steps = finding.evidence.get("steps")
        trial = Trial(subject, guard, int(steps[-1]) if steps else STEPS)
        before = finding.evidence["explained"] if finding.code == "KR209" else trial.as_it_is()
        if before < HOPELESS:
            left = limit - (time.perf_counter() - began)
            search = Search(trial, set(suspects), progress, left)
            found = search.single(offered) or search.several()
            is_proved = found is not None and trial.confirmed(found.changes)
            cure = Cure(found, search.attempts, before=max(before, 0.0), is_proved=is_proved)
            rows = proved(rows, finding, cure)
    guard.restore()
    return Report(rows, report.facts, report.pages)
