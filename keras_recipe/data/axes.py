"""Axes merged by reshape where a transpose was meant: another reading of the same numbers."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

ROWS = 256
SMOOTH = 0.5  # correlation of values that follow on each other in a series
ALIKE = (
    0.7,
    1.4,
)  # a step over a supposed border against the other steps: as if none were there
SMOOTHER = 0.6  # what is missing to a correlation of 1, over the same as the data is
EVEN = (0.9, 1.1)  # the same for pixels that are channels now, which are thousands
PLANES = 0.8  # and what is missing to a correlation of 1 in each of these, over the same before
BREAK = 1.5  # and at the border of the other reading: larger by this factor


@dataclass(frozen=True)
class Reading:
    """Another order of the axes under which neighbours are alike.

    Attributes:
        shape: Shape of a row before the reshape.
        order: Axes of the transpose that was meant, rows being axis 0.
        before: Correlation of neighbours as the data is, the worst axis.
        after: The same in the other reading.
    """

    shape: tuple[int, ...]
    order: tuple[int, ...]
    before: float
    after: float

    @property
    def code(self) -> str:
        """The repair as a line of NumPy."""
        sizes = ", ".join(map(str, self.shape))
        return f"x = x.reshape(len(x), {sizes}).transpose({', '.join(map(str, self.order))})"

    def turned(self, values: np.ndarray) -> np.ndarray:
        """Return the repair of `values`, `(rows, ...)`, in the shape of before."""
        made = values.reshape(len(values), *self.shape).transpose(self.order)
        return np.ascontiguousarray(made).reshape(values.shape)


def alike(values: np.ndarray, axis: int) -> float:
    """Return the correlation of neighbours along an axis."""
    moved = np.moveaxis(values, axis, 1)
    one, two = moved[:, :-1].ravel(), moved[:, 1:].ravel()
    spread = one.std() * two.std()
    if not spread > 0:
        return 0.0
    return float(((one - one.mean()) * (two - two.mean())).mean() / spread)


def _each(values: np.ndarray) -> list[float]:
    """Return the correlation of neighbours along each of the axes that are places."""
    places = range(1, values.ndim - 1) if values.ndim > 3 else (1, 2)
    return [alike(values, axis) for axis in places]


def _steps(flat: np.ndarray, border: int, apart: int) -> float:
    """Return the mean square of steps over multiples of `border`, over that of the others.

    Steps over multiples of `apart` are left out.
    """
    squares = np.square(np.diff(flat, axis=1)).mean(0)
    places = np.arange(1, flat.shape[1])
    over, kept = places % border == 0, places % apart != 0
    if not (over & kept).any() or not (~over & kept).any():
        return math.inf
    rest = float(squares[~over & kept].mean())
    return float(squares[over & kept].mean()) / rest if rest > 0 else math.inf


def _as_series(flat: np.ndarray, shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether rows are `(channels, steps)`: breaks between channels, none between steps."""
    smooth = alike(flat, 1) >= SMOOTH
    plain = ALIKE[0] <= _steps(flat, shape[-1], other[-1]) <= ALIKE[1]
    return smooth and plain and _steps(flat, other[-1], flat.shape[1]) >= BREAK


def _as_planes(x: np.ndarray, turned: np.ndarray) -> bool:
    """Whether every channel becomes clearly smoother along both axes of places.

    Photographs are alike three pixels away, too: read as they are, they lack little. Channels
    stored beside each other (gray repeated, colours) break between pixels: the step to the next
    pixel has that of a channel in it. Where it is at most 1.1 times one between channels, these
    are at least 1 / 1.1 of a pixel's step, and the other reading is no smoother.
    """
    return all(
        1 - alike(turned[..., one : one + 1], axis)
        <= PLANES * (1 - alike(x[..., one : one + 1], axis))
        for one in range(x.shape[-1])
        for axis in (1, 2)
    )


def scrambled(values: np.ndarray, *, least: float = 0.35, gain: float = 0.25) -> Reading | None:
    """Return the reading of the same numbers that shows they were reshaped, or None.

    Pictures: neighbours along every axis of places correlate by at least `least`, and by `gain`
    more than as the data is, or by far more in every channel; no break between what are
    channels now. Series: the values follow
    smoothly on each other where a step ends now, and break where a channel ends in the other
    reading.

    Args:
        values: `(rows, steps, channels)`, `(rows, height, width)` or
            `(rows, height, width, channels)`.
        least: Least correlation of neighbours in the other reading.
        gain: Least gain of correlation.
    """
    values = values.reshape(len(values), *(size for size in values.shape[1:] if size > 1))
    shape = values.shape[1:]
    if not 2 <= len(shape) <= 3 or math.prod(shape) < 8 or len(values) < 8:
        return None
    x = np.nan_to_num(values[:ROWS].astype("float64"))
    flat = x.reshape(len(x), -1)
    if np.ptp(flat) == 0:
        return None
    before, found = min(_each(x)), []
    for order in itertools.permutations(range(len(shape))):
        other = tuple(shape[i] for i in order)
        if other == shape or order == tuple(range(len(shape))):
            continue
        back = tuple(int(i) + 1 for i in np.argsort(order))
        turned = x.reshape(len(x), *other).transpose(0, *back)
        each = _each(turned)
        after = min(each)
        unbroken = len(shape) < 3 or ALIKE[0] <= _steps(flat, shape[-1], other[-1]) <= ALIKE[1]
        as_picture = after >= least and after >= before + gain and unbroken
        if len(shape) == 3 and other[0] == shape[-1] and after >= max(SMOOTH, before):
            even = EVEN[0] <= _steps(flat, shape[-1], other[-1]) <= EVEN[1]
            as_picture = as_picture or (even and _as_planes(x, turned))
        steps = alike(x, 1), alike(turned, 1)
        smoother = 1 - steps[1] <= SMOOTHER * (1 - steps[0])
        if as_picture or (len(shape) == 2 and smoother and _as_series(flat, shape, other)):
            told = (before, after) if as_picture else steps
            found.append((round(told[1], 6), sum(each), Reading(other, (0, *back), *told)))
    return max(found, key=lambda one: one[:2], default=(0, 0, None))[2]
