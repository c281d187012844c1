"""The axes of a search space, read from KerasTuner's hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One hyperparameter that is searched.

    Attributes:
        name: Its name.
        kind: `"number"` or `"choice"`.
        low: Least value of a number.
        high: Greatest value of a number.
        step: Between two values of a number; None: any.
        log: Whether numbers are drawn on a logarithmic scale.
        choices: Values of a choice, in the order given.
    """

    name: str
    kind: str
    low: float = math.nan
    high: float = math.nan
    step: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()

    def place(self, value: Any) -> float:
        """Return where a value lies between 0 (the lower end) and 1; NaN if it is not on it."""
        if self.kind == "choice":
            if value not in self.choices:
                return math.nan
            return self.choices.index(value) / max(len(self.choices) - 1, 1)
        if isinstance(value, str | bool) or value is None or self.high <= self.low:
            return math.nan
        low, high, at = float(self.low), float(self.high), float(value)
        if self.log and low > 0 and at > 0:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)

    @property
    def ordered(self) -> bool:
        """Whether its values lie on a line that could be longer."""
        if self.kind == "number":
            return True
        numbers = [v for v in self.choices if isinstance(v, int | float)]
        numbers = [v for v in numbers if not isinstance(v, bool)]
        return len(numbers) == len(self.choices) > 2 and sorted(numbers) == numbers

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        if self.kind == "choice":
            return {"kind": "choice", "choices": list(self.choices)}
        return {"kind": "number", "low": self.low, "high": self.high, "log": self.log}


def axes(space: Any) -> tuple[Axis, ...]:
    """Return the axes of a space that have more than one value.

    Args:
        space: `keras_tuner.HyperParameters`.
    """
    found: dict[str, Axis] = {}
    for one in space.space:
        axis = _axis(one.name, type(one).__name__, one.get_config())
        if axis is not None:
            found.setdefault(one.name, axis)
    return tuple(found.values())


def _axis(name: str, kind: str, config: Mapping[str, Any]) -> Axis | None:
    if kind == "Fixed":
        return None
    if kind == "Boolean":
        return Axis(name=name, kind="choice", choices=(False, True))
    if kind == "Choice":
        values = tuple(config["values"])
        return Axis(name=name, kind="choice", choices=values) if len(values) > 1 else None
    low, high = config["min_value"], config["max_value"]
    if not high > low:
        return None
    log = config.get("sampling") in ("log", "reverse_log")
    step = None if log else config.get("step")
    return Axis(name=name, kind="number", low=low, high=high, step=step, log=log)


def places(axis: Axis, values: Sequence[Any]) -> np.ndarray:
    """Return `axis.place` of each value."""
    return np.array([axis.place(value) for value in values], "float64")
