"""`@check`: turns a plain function into a catalogue entry."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras_recipe.core.errors import CheckDefinitionError
from keras_recipe.core.result import Cost, Result

#: Every check that was imported, by code.
CHECKS: dict[str, Check] = {}
STAGES = {
    "1": "Become one with the data",
    "2": "End-to-end skeleton and dumb baselines",
    "3": "Overfit",
    "4": "Regularise",
    "5": "Tune",
    "6": "Squeeze out the juice",
}
SECTIONS = ("Why", "Fix", "Tune", "Source")


@dataclass(frozen=True, eq=False)
class Check:
    """A function with a code.

    Attributes:
        function: The check itself; called by `Check.__call__`.
        code: `KR` + stage + two digits.
        cost: What it spends.
        requires: Codes that must not have failed before it makes sense.
        needs: Names of what it asks the subject for, in order.
        thresholds: Tunable numbers with their defaults.
        page: `summary`, `Why`, `Fix`, `Tune` and `Source`, from the docstring.
    """

    function: Callable[..., Result]
    code: str
    cost: Cost
    requires: tuple[str, ...]
    needs: tuple[str, ...]
    thresholds: Mapping[str, Any]
    page: Mapping[str, str]

    @property
    def name(self) -> str:
        """The function's name in words: `loss-at-init`."""
        return self.function.__name__.replace("_", "-")

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        """Run the function; `NotApplicable` passes through."""
        return self.function(*args, **kwargs)

    def _repr_markdown_(self) -> str:
        lines = [f"### {self.code} {self.name}", self.page["summary"]]
        lines += [f"**{title}.** {self.page[title]}" for title in SECTIONS]
        return "\n\n".join(lines)


def _page(code: str, docstring: str | None) -> dict[str, str]:
    text = inspect.cleandoc(docstring or "")
    parts = re.split(rf"^({'|'.join(SECTIONS)}):\s*$", text, flags=re.MULTILINE)
    page = {"summary": " ".join(parts[0].split())}
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        page[title] = "\n".join(line.strip() for line in body.strip().splitlines())
    missing = [title for title in ("summary", *SECTIONS) if not page.get(title)]
    if missing:
        msg = f"The docstring of {code} lacks {missing}; every check has a full page."
        raise CheckDefinitionError(msg)
    return page


def check(
    code: str, *, cost: str, requires: Sequence[str] = ()
) -> Callable[[Callable[..., Result]], Check]:
    """Register a function as the check `code`.

    Parameters left of `*` are what it needs from the subject, by name; keyword-only
    parameters are thresholds and must have defaults.

    Args:
        code: `KR` + stage (1-6) + two digits.
        cost: One of `Cost`.
        requires: Codes that must not have failed or crashed before it.

    Raises:
        CheckDefinitionError: The code is malformed or taken, a threshold lacks a default or a
            line under `Tune:`, or the docstring lacks a section.
    """
    if not re.fullmatch(r"KR[1-6]\d\d", code):
        msg = f"A check's code is KR, a stage from 1 to 6 and two digits. Received: {code!r}"
        raise CheckDefinitionError(msg)

    def register(function: Callable[..., Result]) -> Check:
        page = _page(code, function.__doc__)
        parameters = inspect.signature(function).parameters.values()
        needs = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
        thresholds = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        for name, default in thresholds.items():
            if default is inspect.Parameter.empty or f"{name}:" not in page["Tune"]:
                msg = f"Threshold {name!r} of {code} needs a default and a line under `Tune:`."
                raise CheckDefinitionError(msg)
        made = Check(function, code, Cost(cost), tuple(requires), needs, thresholds, page)
        taken = CHECKS.get(code)
        if taken is not None and taken.function.__module__ != function.__module__:
            msg = f"{code} is taken by {taken.name}; codes are never reused."
            raise CheckDefinitionError(msg)
        CHECKS[code] = made
        return made

    return register
