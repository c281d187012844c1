"""The checklist: plain data that every renderer draws from."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from keras_recipe.core.errors import InputError, RecipeFailed
from keras_recipe.core.ranking import grouped, ranked
from keras_recipe.core.result import Result, Status, plain

SCHEMA_VERSION = 1


class Report:
    """Every check's row, and what can be said of them together.

    Print it, show it in a notebook, ask for one row by its code (`report["KR204"]`), or write
    it with `keras_recipe.reports.write(report, "report.html")`.

    Attributes:
        results: One `Result` a check, in the order they ran.
        facts: Printed context: the task and its reason, seed, sizes, backend, versions.
        pages: The page of each check by code, so that a report explains itself.
    """

    #: Draws a report in a notebook; set by the layer that owns the renderers.
    notebook: ClassVar[Callable[[Report], str] | None] = None

    def __init__(
        self,
        results: Sequence[Result] = (),
        facts: Mapping[str, Any] | None = None,
        pages: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.results = list(results)
        self.facts = dict(facts or {})
        self.pages = dict(pages or {})
        #: What was examined, for the checks that look again after training; not serialised.
        self.subject: Any = None

    def __getitem__(self, code: str) -> Result:
        """Return the row of `code`.

        Raises:
            KeyError: That check was not part of this run.
        """
        for result in self.results:
            if result.code == code:
                return result
        msg = f"{code} was not run; the codes here are {[r.code for r in self.results]}"
        raise KeyError(msg)

    def __contains__(self, code: str) -> bool:
        """Whether `code` has a row."""
        return any(result.code == code for result in self.results)

    @property
    def problems(self) -> list[Result]:
        """FAILs and WARNs that nobody accepted: root causes first, their symptoms last."""
        return ranked(self.results)

    @property
    def causes(self) -> list[tuple[Result, list[Result]]]:
        """The same problems as pairs: one that stands for itself, and its symptoms."""
        return grouped(self.results)

    @property
    def failures(self) -> list[Result]:
        """The FAILs among `problems`."""
        return [r for r in self.problems if r.status is Status.FAIL]

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows by status, every status named."""
        found = Counter(r.status for r in self.results)
        return {str(status): found[status] for status in Status}

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the checks: what was not done is SKIP."""
        return any(
            r.status == "skip" and r.message.endswith("interrupted") for r in self.results
        )

    @property
    def ok(self) -> bool:
        """Whether no FAIL stands."""
        return not self.failures

    def raise_if_failed(self) -> None:
        """Raise when a FAIL stands.

        Raises:
            RecipeFailed: Naming each FAIL.
        """
        if self.failures:
            rows = "; ".join(f"{r.code} {r.name}: {r.message}" for r in self.failures)
            msg = f"{len(self.failures)} check(s) failed. {rows}"
            raise RecipeFailed(msg)

    def merged(self, other: Report) -> Report:
        """Return this report with the rows of `other` put over its own of the same code."""
        newer = {r.code: r for r in other.results}
        rows = [newer.pop(r.code, r) for r in self.results]
        merged = Report(
            [*rows, *newer.values()],
            {**self.facts, **other.facts},
            {**self.pages, **other.pages},
        )
        merged.subject = other.subject or self.subject
        return merged

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data with a `schema_version`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "counts": self.counts,
            "facts": plain(self.facts),
            "results": [r.to_dict() for r in self.results],
            "problems": [r.code for r in self.problems],
            "symptoms": {r.code: [s.code for s in below] for r, below in self.causes if below},
            "pages": plain(self.pages),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Return the report that `to_dict` wrote.

        Raises:
            InputError: The data is not a report, or of another schema version.
        """
        version = data.get("schema_version") if hasattr(data, "get") else None
        if version != SCHEMA_VERSION:
            msg = f"Not a report of schema version {SCHEMA_VERSION}; received {version!r}."
            raise InputError(msg)
        try:
            rows = [Result.from_dict(row) for row in data["results"]]
        except (KeyError, TypeError, ValueError) as error:
            msg = f"A row of the report cannot be read ({error!r}); write the report again."
            raise InputError(msg) from error
        return cls(rows, data.get("facts"), data.get("pages"))

    def to_json(self, *, indent: int | None = 1) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Return the report in a JSON text.

        Raises:
            InputError: The text is not JSON or not a report.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            msg = f"The report is not valid JSON ({error})."
            raise InputError(msg) from error
        return cls.from_dict(data)

    @classmethod
    def read(cls, file: str | os.PathLike[str]) -> Report:
        """Return the report that was saved as JSON in a file.

        Raises:
            InputError: The file cannot be read, or is not a report.
        """
        try:
            text = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"The report {os.fspath(file)!r} cannot be read: {error}."
            raise InputError(msg) from error
        return cls.from_json(text)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same data."""
        return isinstance(other, Report) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # rows may be added

    def _repr_html_(self) -> str | None:
        draw = type(self).notebook
        return draw(self) if draw else None

    def __repr__(self) -> str:
        """Return one line a row."""
        return "\n".join(f"{r.code} {r.status:<5} {r.message}" for r in self.results)
