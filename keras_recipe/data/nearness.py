"""Rows that are almost the same: nearer to each other than the spread of the data explains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from keras_recipe.data.batch import Batch, leaves

SIZE = 32  # numbers a row is put down as; distances keep to about 12 %
MOST = 2**17  # rows kept: 16 MiB
ELEMENTS = 2**14  # elements of one row that are looked at
COMPARED = 2**30  # most pairs of rows compared
BLOCK = 2**18  # of them at a time: 1 MiB
PART = 2**13  # rows that are centred at a time: 1 MiB
SCALED = 2**18  # numbers that say how far values are spread: 2 MiB
LEAST = 32  # rows of them, as in a batch
REFERENCE = 1024  # rows that say how far neighbours usually are
NEIGHBOURS = 10
CLOSE = 0.2  # distance over that of the tenth: small classes lie together, copies closer
TRUSTED = 5  # the first of them that is taken for no copy
REACH = 10.0  # quartile ranges beyond the quartiles from which on a number may be a code
CODES = 2  # different numbers there at most; a tail or a group of rows has many
RICH = (
    50  # different values a column needs; fewer are codes, and rows with equal codes are near
)


@dataclass(frozen=True, eq=False)
class Codes:
    """Where numbers mean "unknown" (-9999), which would decide scales and neighbours.

    Attributes:
        middle: Median of each column.
        spread: Deviation of each, without codes.
        low, high: The least and the greatest number that is none.
    """

    middle: np.ndarray
    spread: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Codes:
        """Take one or two numbers far away from all others of their column for codes."""
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
        reach = np.where(high > low, REACH * (high - low), np.inf)
        far = (values < low - reach) | (values > high + reach)
        many = [len(np.unique(values[f, j])) > CODES for j, f in enumerate(far.T)]
        reach = np.where(many, np.inf, reach)
        known = np.where(far & ~np.array(many), np.nan, values)
        return cls(middle, np.nanstd(known, axis=0), low - reach, high + reach)

    @property
    def there(self) -> bool:
        """Whether any column has room for codes."""
        return bool(np.isfinite(self.low).any())

    def out_of(self, values: np.ndarray, seed: int) -> np.ndarray:
        """Return rows with the median in the place of codes.

        Rows that are codes by more than half are near nothing: they become random ones.
        """
        found = (values < self.low) | (values > self.high)
        if not found.any():
            return values
        made = np.where(found, self.middle, values)
        lost = found.mean(1) > 1 / 2
        random = np.random.default_rng(seed).standard_normal((int(lost.sum()), values.shape[1]))
        made[lost] = self.middle + self.spread * random
        return np.asarray(made, "float32")


@dataclass(eq=False)
class Sketch:
    """A few random projections of every row, in which distances are about kept.

    Attributes:
        seed: Decides the projections; equal seeds for splits that are compared.
        like: The sketch whose scales are used; None to take them from the first rows.
        rows: Rows seen.
        kept: Projections, of the first 131,072 rows.
        usable: Whether distances mean something: pictures, or tables of rich columns.
        chosen: The elements of each input that are looked at.
        mixes: Their projections.
        codes: Where codes for "unknown" lie in the columns of each; None for pictures.
        shapes: The form of a row; rows of other forms end it.
    """

    seed: int = 0
    like: Sketch | None = None
    rows: int = 0
    kept: list[np.ndarray] = field(default_factory=list)
    usable: bool | None = None
    chosen: list[np.ndarray] = field(default_factory=list)
    mixes: list[np.ndarray] = field(default_factory=list)
    codes: list[Codes | None] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""
        arrays = leaves(batch.x)
        if self.usable is None:
            self._open(arrays)
        if not self.usable or self.rows >= MOST:
            self.rows += len(batch)
            return
        if [a.shape[1:] for a in arrays] != self.shapes:
            self.usable = False
            return
        step = max(1, BLOCK // 2 // max(1, *(len(c) for c in self.chosen)))
        for start in range(0, len(batch), step):
            made = np.zeros((1, SIZE), "float32")
            parts = zip(arrays, self.chosen, self.mixes, self.codes, strict=True)
            for a, chosen, mix, codes in parts:
                part = np.nan_to_num(
                    _columns(a[start : start + step], chosen).astype("float32")
                )
                known = codes.out_of(part, self.rows + start) if codes else part
                made = made + known @ mix
            self.kept.append(made)
        self.rows += len(batch)

    def _open(self, arrays: list[np.ndarray]) -> None:
        self.shapes = [a.shape[1:] for a in arrays]
        if self.like is not None:
            self.usable = bool(self.like.usable) and self.like.shapes == self.shapes
            self.chosen, self.mixes = self.like.chosen, self.like.mixes
            self.codes = self.like.codes
            return
        self.usable = bool(arrays) and all(_means_distance(a) for a in arrays)
        random = np.random.default_rng(self.seed)
        for a in arrays if self.usable else []:
            size = math.prod(a.shape[1:])
            few = np.sort(random.permutation(size)[:ELEMENTS])
            rows = a[: max(LEAST, SCALED // len(few))]  # they say how far values are spread
            values = np.nan_to_num(_columns(rows, few).astype("float64"), copy=False)
            codes = Codes.of(values) if a.ndim < 4 else None
            spread = (codes.out_of(values, 0) if codes else values).std()
            spread = codes.spread if codes and a.ndim == 2 else spread
            scale = np.where(spread > 0, spread, 1.0)
            mix = (
                random.standard_normal((len(few), SIZE))
                / np.broadcast_to(scale, len(few))[:, None]
            )
            self.chosen.append(few)
            self.codes.append(codes if codes and codes.there else None)
            self.mixes.append((mix / math.sqrt(len(few) * SIZE)).astype("float32"))

    @property
    def points(self) -> np.ndarray:
        """The projections `(rows, 32)`; no rows where distances mean nothing."""
        if not self.usable or not self.kept:
            return np.empty((0, SIZE), "float32")
        if len(self.kept) > 1:
            self.kept = [np.concatenate(self.kept)]
        return self.kept[0]


def _columns(a: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    flat = a.reshape(len(a), -1)
    return flat if flat.shape[1] == len(chosen) else flat[:, chosen]


def _means_distance(a: np.ndarray) -> bool:
    size = math.prod(a.shape[1:])
    if a.ndim == 4 and size >= 64:
        return a.dtype.kind in "iuf"
    if a.dtype.kind != "f" or size < 8:
        return False
    flat = a.reshape(len(a), -1)[:1024]
    places = np.unique(np.linspace(0, size - 1, 32).astype(int))
    least = min(RICH, 0.5 * len(flat))
    return all(len(np.unique(flat[:, j])) >= least for j in places)


@dataclass(frozen=True)
class Near:
    """Rows with a neighbour far nearer than the spread of the data explains.

    Attributes:
        share: Share of the rows looked at.
        count: Their number.
        pairs: The nearest as `(place of the row, place of its neighbour)`.
        looked_at: Number of rows looked at.
    """

    share: float
    count: int
    pairs: list[tuple[int, int]]
    looked_at: int


def near(
    rows: Sketch, among: Sketch | None = None, level: float = 0.01, most: int = 10
) -> Near:
    """Return the rows of one split that almost occur in `among`, or again in the same split.

    Where points lie evenly in `m` dimensions, the number of points within distance `d` grows
    as `d ** m`. A row whose nearest neighbour has a chance below `level` over the number of
    rows to be that near is a near copy. Equal rows are left out.

    Args:
        rows: Whose rows are looked up.
        among: Where; the same split when None.
        level: Chance of any false pair in data that are locally even.
        most: Pairs named.
    """
    points, other = rows.points, rows.points if among is None else among.points
    if min(len(points), len(other)) < 4 * NEIGHBOURS:
        return Near(0.0, 0, [], 0)
    random = np.random.default_rng(rows.seed)
    count = min(len(points), max(COMPARED // len(other), 1))
    count = min(count, 2048) if among is None else count
    chosen = np.sort(random.permutation(len(points))[:count])
    mean = other.mean(0)
    a = points[chosen] - mean
    first, place = _nearest(a, other, mean, chosen if among is None else None)
    few = other[np.sort(random.permutation(len(other))[:REFERENCE])] - mean
    far = _neighbours(a, few)
    known = np.isfinite(far[:, -1]) & (far[:, -1] > 0)
    own = _neighbours(few, few)  # of the data, not of rows that may lie outside of it
    dimension = _dimension(own[np.isfinite(own[:, -1])])
    ratio = np.where(known, first / np.maximum(far[:, -1], 1e-12), 1.0)
    chance = NEIGHBOURS * len(other) / len(few) * ratio**dimension
    close = (ratio < CLOSE) & (chance < level / count)
    size = np.mean([np.abs(other[s : s + PART] - mean).mean() for s in _starts(other)])
    found = np.flatnonzero(close & (first > 1e-6 * size))
    best = found[np.argsort(first[found])][:most]
    pairs = [(int(chosen[i]), int(place[i])) for i in best]
    return Near(len(found) / count, len(found), pairs, count)


def _dimension(far: np.ndarray) -> float:
    """Return in how many dimensions points lie, by their fifth to tenth neighbours.

    Nearer ones may be copies. Levina and Bickel's estimate, the median over the rows.
    """
    if not len(far):
        return 1.0
    logs = np.log(far[:, -1:] / np.maximum(far[:, TRUSTED - 1 : -1], 1e-12)).sum(1)
    steps = [sum(1 / i for i in range(j, NEIGHBOURS)) for j in range(TRUSTED, NEIGHBOURS)]
    return sum(steps) / max(float(np.median(logs)), 1e-3)


def _starts(points: np.ndarray) -> range:
    return range(0, len(points), PART)


def _nearest(
    a: np.ndarray, points: np.ndarray, mean: np.ndarray, own: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance and the place in `points` of the nearest row, not the row itself.

    Args:
        a: Rows, centred.
        points: Where it is looked for.
        mean: What makes these centred, a part at a time.
        own: The place of each row among them, if it is one.
    """
    least, place = np.full(len(a), np.inf, "float32"), np.zeros(len(a), "int64")
    for begin in _starts(points):
        b = points[begin : begin + PART] - mean
        squares = np.einsum("ij,ij->i", b, b)
        step = max(1, BLOCK // len(b))
        for start in range(0, len(a), step):
            rows = slice(start, start + step)
            part = a[rows] @ b.T
            part *= -2
            part += squares
            if own is not None:
                mine = own[rows] - begin
                here = np.flatnonzero((mine >= 0) & (mine < len(b)))
                part[here, mine[here]] = np.inf
            best = part.argmin(1)
            found = part[np.arange(len(part)), best]
            nearer = found < least[rows]
            least[rows] = np.where(nearer, found, least[rows])
            place[rows] = np.where(nearer, begin + best, place[rows])
    return np.sqrt(np.square(a - (points[place] - mean)).sum(1)), place


def _neighbours(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the distances to the next 10 rows of `b`, nearest first, equal ones left out."""
    step, found = max(1, BLOCK // len(b)), []
    for start in range(0, len(a), step):
        rows = a[start : start + step]
        squares = np.square(rows).sum(1)[:, None] + np.square(b).sum(1)
        gaps = rows @ b.T
        gaps *= -2
        gaps += squares
        np.maximum(gaps, 0, out=gaps)
        gaps[gaps < 1e-5 * squares] = np.inf  # the row itself, and copies of it
        nearest = np.partition(gaps, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        found.append(np.sqrt(np.sort(nearest, axis=1)))
    return np.concatenate(found)
