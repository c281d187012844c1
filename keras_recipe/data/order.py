"""How the rows are stored: sorted, in blocks, or mixed; told in one pass."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaln

from keras_recipe.data.batch import Batch, leaves

MOST_RUNS = 100_000  # runs of equal labels kept; more of them are no blocks
COLUMNS = 16  # columns of the inputs that are followed
HALF = 0.5  # midway between a smooth course (0) and independent rows (1)


def label_of_rows(y: np.ndarray) -> np.ndarray | None:
    """Return one number a row: the class or the target; None where rows hold several.

    One-hot vectors become their class.
    """
    flat = y.reshape(len(y), -1)
    if y.dtype.kind not in "biuf":
        return None
    if flat.shape[1] == 1:
        return np.asarray(flat[:, 0], "float64")
    if ((flat == 0) | (flat == 1)).all() and (flat.sum(1) == 1).all():
        return np.asarray(flat.argmax(1), "float64")
    return None


@dataclass(eq=False)
class Course:
    """One number a row, followed through the data.

    Attributes:
        rows: Number of rows.
        rising, falling: Number of steps up and down.
        steps: Sum of squared steps.
        total, squares, shift: Moments, the values shifted by `shift`.
        first, last: Ends.
    """

    rows: int = 0
    rising: int = 0
    falling: int = 0
    steps: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    shift: float = 0.0
    last: float = float("nan")

    def add(self, values: np.ndarray) -> None:
        """Take in the next values, float64."""
        values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
        if not self.rows:
            self.shift = float(values[0])
            self.last = float(values[0])
        steps = np.diff(values, prepend=self.last)
        self.rising += int((steps > 0).sum())
        self.falling += int((steps < 0).sum())
        self.steps += float(steps @ steps)
        centred = values - self.shift
        self.total += float(centred.sum())
        self.squares += float(centred @ centred)
        self.last = float(values[-1])
        self.rows += len(values)

    @property
    def monotone(self) -> int:
        """1 if the values never fall, -1 if they never rise, 0 if they do both or neither."""
        if bool(self.rising) == bool(self.falling):
            return 0
        return 1 if self.rising else -1

    @property
    def unevenness(self) -> float:
        """Squared coefficient of variation of the steps of values in order.

        0 for a clock; 1 for the sorted draws of an even distribution, whose gaps vary like
        waiting times, and more for others.
        """
        climb = self.last - self.shift
        return self.steps * (self.rows - 1) / climb**2 - 1 if climb else 0.0

    @property
    def roughness(self) -> float:
        """Mean squared step over twice the variance: 1 for mixed rows, near 0 for a course.

        Von Neumann's ratio, halved; 1 where nothing varies.
        """
        if self.rows < 3:
            return 1.0
        variance = self.squares / self.rows - (self.total / self.rows) ** 2
        return self.steps / (self.rows - 1) / (2 * variance) if variance > 1e-30 else 1.0


@dataclass(eq=False)
class Order:
    """The order of a split's rows.

    Attributes:
        streamed: Whether training sees this very order, as a dataset that was read has it.
        labels: The runs of equal labels of the first target as `(label, length)` columns;
            None when rows have no single label or there are too many runs.
        y: The first target's labels as a course.
        x: Some columns of the inputs, as courses.
        single: Whether the inputs are one number a row.
    """

    streamed: bool = False
    labels: list[tuple[float, int]] | None = field(default_factory=list)
    y: Course | None = field(default_factory=Course)
    x: list[Course] = field(default_factory=list)
    single: bool = False

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""
        targets = leaves(batch.y)
        labels = label_of_rows(targets[0]) if targets else None
        if labels is None:
            self.labels = self.y = None
        elif self.y is not None:
            self.y.add(labels)
            self._add_runs(labels)
        self._add_columns([leaf for leaf in leaves(batch.x) if leaf.dtype.kind in "biuf"])

    def _add_columns(self, inputs: list[np.ndarray]) -> None:
        flat = [leaf.reshape(len(leaf), -1) for leaf in inputs]
        if not flat or not all(leaf.shape[1] for leaf in flat):
            return
        if not self.x:
            self.single = sum(leaf.shape[1] for leaf in flat) == 1
            self.x = [Course() for _ in range(len(flat) * COLUMNS)]
        for index, leaf in enumerate(flat):
            for place in range(COLUMNS):
                column = place * leaf.shape[1] // COLUMNS
                if place and column == (place - 1) * leaf.shape[1] // COLUMNS:
                    continue
                at = index * COLUMNS + place
                if at < len(self.x):
                    self.x[at].add(np.asarray(leaf[:, column], "float64"))

    def _add_runs(self, labels: np.ndarray) -> None:
        if self.labels is None:
            return
        cuts = np.flatnonzero(labels[1:] != labels[:-1]) + 1
        edges = np.r_[0, cuts, len(labels)]
        same: dict[tuple[float, int], tuple[float, int]] = {}  # one object for equal runs
        found = ((float(labels[a]), int(b - a)) for a, b in itertools.pairwise(edges))
        runs = [same.setdefault(run, run) for run in found]
        if self.labels and self.labels[-1][0] == runs[0][0]:
            label, length = self.labels.pop()
            runs[0] = (label, length + runs[0][1])
        self.labels += runs
        if len(self.labels) > MOST_RUNS:
            self.labels = None

    @property
    def is_course(self) -> bool:
        """Whether neighbouring rows are alike, as in a time series or a sorted table."""
        rough = [column.roughness for column in self.x if column.rows > 2]
        return bool(rough) and float(np.median(rough)) < 0.5

    @property
    def is_sorted_by_target(self) -> bool:
        """Whether a table was put in the order of its target, which no clock explains.

        The targets never fall (or never rise), by uneven steps, and none of up to 16 columns
        runs along with the rows: neighbours differ as rows do that were drawn one by one.
        """
        rough = [column.roughness for column in self.x if column.rows > 2]
        if self.y is None or not self.y.monotone or not rough:
            return False
        return self.y.unevenness > HALF and min(rough) > HALF

    @property
    def sizes(self) -> dict[float, int]:
        """Rows of each label, empty where there are no runs of labels."""
        found: dict[float, int] = {}
        for label, length in self.labels or []:
            found[label] = found.get(label, 0) + length
        return found

    @property
    def mixing(self) -> float:
        """Return how far the rows are from sorted (0) to mixed (1), by where their labels lie.

        The share of the data in which 90 % of a label's rows lie, summed over the labels: 1 for
        sorted rows, 0.9 times the number of labels for mixed ones.
        """
        ends = np.cumsum([length for _, length in self.labels or []])
        if not len(ends):
            return 1.0
        labels, lengths = (np.array(part) for part in zip(*self.labels or [], strict=True))
        found = 0.0
        for label in np.unique(labels):
            own = np.flatnonzero(labels == label)
            passed = np.cumsum(lengths[own]) / lengths[own].sum()
            first, last = (own[np.searchsorted(passed, share)] for share in (0.05, 0.95))
            found += float(ends[last] - (ends[first] - lengths[first]))
        mixed = max(0.9 * len(np.unique(labels)), 1.1)
        return max(found / float(ends[-1]) - 1, 0.0) / (mixed - 1)

    def pure_by_chance(self, size: int) -> float:
        """Return the share of batches of `size` mixed rows that would hold one label."""
        counts = np.array(list(self.sizes.values()), "float64")
        return float(((counts / max(counts.sum(), 1)) ** size).sum())

    def pure_batches(self, size: int) -> float:
        """Return the share of batches of `size` rows, in this order, that hold one label."""
        if not self.labels:
            return 0.0
        ends = np.cumsum([length for _, length in self.labels])
        starts = np.r_[0, ends[:-1]]
        batches = -(-int(ends[-1]) // size)
        first, last = -(-starts // size), ends // size
        last = np.where(ends == ends[-1], batches, last)
        return float(np.maximum(last - first, 0).sum() / max(batches, 1))


def sorted_by_chance(sizes: Iterable[int]) -> float:
    """Return the chance that mixed rows lie class by class.

    Args:
        sizes: Rows of each class.
    """
    counts = np.array([*sizes], "float64")
    orders = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum()
    return float(np.exp(gammaln(len(counts) + 1) - orders))
