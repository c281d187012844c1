"""What a check says: one frozen row that survives JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keras_recipe.core.errors import InputError


class Status(StrEnum):
    """The verdict of a check.

    PASS: what should be true is. WARN: it may not be, or something healthier is known. FAIL:
    proved to be wrong. SKIP: there was nothing to examine, or no time; the message says which.
    ERROR: the check itself broke, which says nothing of the program.
    """

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"


class Cost(StrEnum):
    """What a check spends; also the order from cause to symptom.

    STATIC: a look at model and data. FORWARD: predictions. TRAIN: short trainings that are
    undone. LIVE: it reads the user's own training. EXPERIMENT: too dear for
    `check`; most read what a stage of `Recipe` tried.
    """

    STATIC = "static"
    FORWARD = "forward"
    TRAIN = "train"
    LIVE = "live"
    EXPERIMENT = "experiment"


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it; NaN and infinities become strings.

    Raises:
        TypeError: `value` holds something that is not plain data.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [plain(v) for v in value]
    msg = f"Evidence must be plain JSON data. Received: {type(value).__name__}"
    raise TypeError(msg)


def number(value: Any) -> float | None:
    """Return a number written by `plain` as a float again (`"nan"` -> NaN)."""
    return None if value is None else float(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """One change that mends a finding.

    Attributes:
        text: What to do, one sentence.
        code: The same as one line of Keras code; may be empty.
        action: Makes the change on a model, in place (returns None) or returning the rebuilt
            model. Not serialised.
        data: Makes it on the arguments of `fit`, a dict of which it returns a changed copy.
            Not serialised.
        tried: What the measurement became when the change was tried: `before`, `after`,
            `unit`, `steps`; empty if it was not tried.
    """

    text: str
    code: str = ""
    action: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)
    data: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = field(
        default=None, compare=False, repr=False
    )
    tried: Mapping[str, Any] = field(default_factory=dict)

    @property
    def can_be_applied(self) -> bool:
        """Whether `apply` or `apply_to_data` makes the change; else it is made by hand."""
        return self.action is not None or self.data is not None

    def apply(self, model: Any) -> Any:
        """Make the change and return the model to go on with.

        Raises:
            InputError: The change has to be made by hand, or on what `fit` is given, or the
                report came from a file.
        """
        if self.action is None:
            where = "by hand"
            if self.data is not None:
                where = "on what fit is given, by `fix.apply_to_data(x, y, ...)`"
            msg = f"This fix has to be made {where}: {self.text}"
            raise InputError(msg)
        inner = getattr(model, "recipe_inner", None)
        changed = self.action(model if inner is None else inner)
        if changed is None or changed is inner:
            return model
        return changed if inner is None else type(model)(changed)

    def apply_to_data(self, x: Any, y: Any = None, **settings: Any) -> dict[str, Any]:
        """Make the change on what `fit` is given; nothing given is written to.

        Args:
            x: Inputs, as arrays.
            y: Targets, as arrays.
            **settings: Further arguments of `fit`: `validation_data`, `class_weight`,
                `epochs`, ... A fix may change any of them.

        Returns:
            All arguments, for `model.fit(**fix.apply_to_data(x, y, ...))`.

        Raises:
            InputError: The change has to be made by hand, or on the model, or on arrays where
                a dataset was given, or the report came from a file.
        """
        if self.data is None:
            where = "by hand" if self.action is None else "on the model, by `fix.apply(model)`"
            msg = f"This fix has to be made {where}: {self.text}"
            raise InputError(msg)
        return dict(self.data({"x": x, "y": y, **settings}))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data without the action."""
        return {"text": self.text, "code": self.code, "tried": plain(self.tried)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fix:
        """Return the fix that `to_dict` wrote; it can be read but not applied."""
        return cls(text=data["text"], code=data["code"], tried=data["tried"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One row of the checklist.

    Attributes:
        status: The verdict.
        message: One sentence: what was measured, against what was expected.
        measured: The number that was judged, in `unit`.
        expected: What a healthy program would show, in `unit`.
        unit: `"nats"`, `"share"`, `"steps"`, …
        where: Layer path, feature, sample indices or split.
        cause: The likely cause, one sentence.
        fix: The change that mends it.
        evidence: Plain JSON data behind the verdict.
        pictures: Pictures as plain data (`kind`, `title`, …), drawn by the reports.
        code: Stamped by the runner, as are the following.
        name: Name of the check.
        cost: What the check spends.
        seconds: Time it took.
        waiver: Why a finding is accepted; empty if it is not.
        explained_by: Code of the finding that this one is a symptom of, where a change was
            tried that mends both; empty if it stands for itself.
    """

    status: Status
    message: str
    measured: float | None = None
    expected: float | None = None
    unit: str = ""
    where: str = ""
    cause: str = ""
    fix: Fix | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    pictures: Sequence[Mapping[str, Any]] = ()
    code: str = ""
    name: str = ""
    cost: str = ""
    seconds: float = 0.0
    waiver: str = ""
    explained_by: str = ""

    def __post_init__(self) -> None:
        """Refuse evidence that JSON could not hold, at the line that made it."""
        plain(self.evidence)
        plain(self.pictures)

    @property
    def is_problem(self) -> bool:
        """Whether it is a FAIL or WARN that nobody accepted."""
        return self.status in (Status.FAIL, Status.WARN) and not self.waiver

    def stamped(self, **fields: Any) -> Result:
        """Return a copy with `fields` replaced."""
        return dataclasses.replace(self, **fields)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        data = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        data["fix"] = self.fix.to_dict() if self.fix else None
        return plain(data)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """Return the result that `to_dict` wrote."""
        known = {f.name for f in dataclasses.fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        values["status"] = Status(data["status"])
        values["fix"] = Fix.from_dict(data["fix"]) if data.get("fix") else None
        values["measured"] = number(data.get("measured"))
        values["expected"] = number(data.get("expected"))
        return cls(**values)


def passed(message: str, **fields: Any) -> Result:
    """Return a PASS."""
    return Result(status=Status.PASS, message=message, **fields)


def warned(message: str, **fields: Any) -> Result:
    """Return a WARN: worth a look, not proved."""
    return Result(status=Status.WARN, message=message, **fields)


def failed(message: str, **fields: Any) -> Result:
    """Return a FAIL: shown to be wrong."""
    return Result(status=Status.FAIL, message=message, **fields)
