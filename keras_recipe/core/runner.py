"""Runs checks in order, each in its own sandbox, and always ends with a row for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from keras_recipe.core.check import Check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.report import Report
from keras_recipe.core.result import Result, Status
from keras_recipe.core.said import said
from keras_recipe.core.settings import Settings


class Needs(Protocol):
    """Hands checks what they ask for by name."""

    def need(self, name: str) -> Any:
        """Return it, or raise `NotApplicable` with the reason."""


class Guard(Protocol):
    """Puts the user's model back as it was."""

    def restore(self) -> None:
        """Undo whatever happened since the guard was made."""


def ordered(checks: Sequence[Check]) -> list[Check]:
    """Return the checks so that each comes after those it requires, cheap ones first."""
    depth = {"static": 0, "forward": 1, "train": 2, "live": 3, "experiment": 4}
    waiting = sorted(checks, key=lambda c: (depth[c.cost], c.code))
    codes = {c.code for c in checks}
    done: list[Check] = []
    while waiting:
        placed = {c.code for c in done}
        ready = [c for c in waiting if all(r in placed or r not in codes for r in c.requires)]
        first = ready[0] if ready else waiting[0]  # a circle is broken at its cheapest check
        done.append(first)
        waiting.remove(first)
    return done


def _blocked(check: Check, rows: Mapping[str, Result]) -> str:
    for code in check.requires:
        if code in rows and rows[code].status in (Status.FAIL, Status.ERROR):
            return f"needs {code} to pass first"
    return ""


def examined(check: Check, subject: Needs, thresholds: Mapping[str, Any]) -> Result:
    """Return what one check says; SKIP where it does not apply, ERROR where it crashed."""
    try:
        values = [subject.need(name) for name in check.needs]
        return check(*values, **thresholds)
    except NotApplicable as reason:
        return Result(status=Status.SKIP, message=str(reason))
    except Exception as error:  # noqa: BLE001  a crash of one check must not hide the others
        text = f"{type(error).__name__}: {said(error)}"
        return Result(
            status=Status.ERROR,
            message=f"the check itself crashed ({text})",
            cause="A fault of the check, or a model it does not know; the other rows stand.",
        )


def run(
    checks: Sequence[Check],
    subject: Needs,
    *,
    settings: Settings | None = None,
    guard: Guard | None = None,
    progress: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.perf_counter,
    budget: float = float("inf"),
    facts: Mapping[str, Any] | None = None,
) -> Report:
    """Run `checks` and return a row for every one of them.

    Args:
        checks: What to run.
        subject: Answers the checks' needs.
        settings: Thresholds and waivers; defaults when None.
        guard: `restore()` is called after each check that may have touched the model.
        progress: Called with each check's name before it runs.
        clock: Returns seconds.
        budget: Seconds after which no further check is started.
        facts: Context that goes into the report.

    Returns:
        The report; after Ctrl-C, with what was done so far and the rest as SKIP.
    """
    settings = settings or Settings()
    began, stopped = clock(), ""
    rows: dict[str, Result] = {}
    for check in ordered(checks):
        started = clock()
        if not stopped and started - began > budget:
            stopped = f"not started: the budget of {budget:g} s is spent"
        if skip := stopped or _blocked(check, rows):
            result = Result(status=Status.SKIP, message=skip)
        else:
            progress(check.name)
            try:
                result = examined(check, subject, settings.tune.get(check.code, {}))
            except KeyboardInterrupt:
                stopped = "not done: interrupted"
                result = Result(status=Status.SKIP, message=stopped)
            finally:
                if guard is not None and check.cost != "static":
                    guard.restore()
        rows[check.code] = result.stamped(
            code=check.code,
            name=check.name,
            cost=str(check.cost),
            seconds=round(clock() - started, 4),
            waiver=settings.waive.get(check.code, ""),
        )
    pages = {check.code: dict(check.page) for check in checks}
    return Report([rows[c.code] for c in sorted(checks, key=lambda c: c.code)], facts, pages)
