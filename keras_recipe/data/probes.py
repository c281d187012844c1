"""What the data needs of an architecture: simple models on parts and forms of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import leaves, names
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.patches import is_placed
from keras_recipe.data.unseen import signal_of

NOISE = 2.0  # standard errors of a difference that may be chance


@dataclass(frozen=True)
class Point:
    """What a simple model explains of the labels with one form of the inputs.

    Attributes:
        name: Which form.
        skill: Share explained, on rows it had not seen.
    """

    name: str
    skill: float


@dataclass(frozen=True)
class Curve:
    """A probe's answer.

    Attributes:
        whole: What the inputs as they are explain.
        points: The forms tried, in order.
        noise: A difference in skill that may be chance.
        where: Name of the input.
    """

    whole: float
    points: Sequence[Point]
    noise: float
    where: str

    def enough(self, point: Point) -> bool:
        """Whether a form explains as much as the whole, but for chance."""
        return point.skill >= self.whole - self.noise

    @property
    def text(self) -> str:
        """The curve as words: `"width 1: 20%, width 3: 80%, the whole: 81%"`."""
        told = [f"{p.name} {max(p.skill, 0):.0%}" for p in self.points]
        return ", ".join([*told, f"the whole {self.whole:.0%}"])

    @property
    def evidence(self) -> dict[str, Any]:
        """The same as plain data."""
        points = {p.name: p.skill for p in self.points}
        return {"whole": self.whole, "noise": self.noise, **points}


def placed(fit: CrossFit) -> tuple[str, np.ndarray]:
    """Return the name and values of the first input that is pictures or series.

    Raises:
        NotApplicable: There is none.
    """
    for name, leaf in zip(names(fit.training.x, "x"), leaves(fit.training.x), strict=True):
        if is_placed(leaf):
            return name, leaf
    msg = "no input is a picture or a series"
    raise NotApplicable(msg)


def learnable(fit: CrossFit, clear: float) -> Answer:
    """Return the first target that a simple model explains.

    Raises:
        NotApplicable: There is none: then no part of the inputs can be compared with the whole.
    """
    for answer in fit.answers():
        if answer.y.mixed:
            continue  # labels for each place: the places of the output count
        if answer.signal.skill >= clear and answer.signal.z > 2 * NOISE:
            return answer
    msg = "a simple model explains too little for parts of the inputs to be compared"
    raise NotApplicable(msg)


def curve(
    fit: CrossFit,
    answer: Answer,
    forms: Sequence[tuple[str, Callable[[np.ndarray], np.ndarray]]],
) -> Curve:
    """Return what forms of the first picture or series explain, beside the whole.

    Args:
        fit: The data.
        answer: The target.
        forms: Names, and functions from the input `(rows, ...)` to features `(rows, n)`.
    """
    name, _ = placed(fit)
    place = names(fit.training.x, "x").index(name)
    leaf = leaves(answer.rows.x)[place]
    points = [
        Point(form, signal_of(make(leaf), answer.y, fit.seed).skill) for form, make in forms
    ]
    whole = answer.signal.skill
    error = np.sqrt(max(1 - whole, 0.02) * max(whole, 0.02) / len(leaf))
    return Curve(whole, points, float(NOISE * np.sqrt(2) * error), name)
