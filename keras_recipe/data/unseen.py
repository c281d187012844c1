"""Predictions of simple models for rows they did not see, and what these are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from sklearn.ensemble import ExtraTreesRegressor

TREES = 128
UNSEEN = 47  # of 128 bootstrapped trees this many (1 / e) have not seen a given row
PERMUTATIONS = 200
ALPHAS = (1e-3, 1e-1, 1e1, 1e3, 1e5)  # ridge penalties, on standardised columns
MOST_OUTPUTS = 8  # numbers of one target that are learned; more are put together
REACH = 1.5  # quartile ranges beyond the quartiles from which on a number is wild (Tukey 1977)


@dataclass(frozen=True)
class Target:
    """Labels as simple models learn them.

    Attributes:
        values: `(rows, outputs)`: one-hot or soft classes, zeros and ones, or standardised
            numbers.
        classes: Whether the outputs are exclusive classes.
        mixed: Whether they are random mixtures of more numbers than are learned.
        fences: Least and greatest number of each output that is not wild.
    """

    values: np.ndarray
    classes: bool
    mixed: bool = False
    fences: tuple[np.ndarray, np.ndarray] | None = None

    def take(self, rows: np.ndarray) -> Target:
        """Return the labels of some rows."""
        return replace(self, values=self.values[rows])

    @property
    def tame(self) -> np.ndarray:
        """The values, wild numbers moved to the fences: a few must not outweigh the rest."""
        return self.values if self.fences is None else np.clip(self.values, *self.fences)

    @property
    def given(self) -> np.ndarray:
        """The class of each row, or its first number."""
        return self.values.argmax(1) if self.classes else self.values[:, 0]

    @property
    def flags(self) -> bool:
        """Whether the outputs are labels that are there or not, each on its own."""
        return not self.classes and bool(np.isin(self.values, (0.0, 1.0)).all())

    @property
    def varied(self) -> bool:
        """Whether there is something to predict: labels differ, each class is there twice."""
        if not self.classes:
            return bool((self.values.std(0) > 0).any())
        return int((np.bincount(self.given) >= 2).sum()) >= 2


@dataclass(frozen=True)
class Learned:
    """Out-of-sample predictions.

    Attributes:
        own: For the rows learned from, each by trees that had not seen it.
        held: For the other rows, by as many trees.
    """

    own: np.ndarray
    held: np.ndarray


@dataclass(frozen=True)
class Signal:
    """How well labels follow from inputs.

    Attributes:
        skill: Share explained: balanced accuracy above guessing over the rest, or R squared,
            wild numbers moved to the fences; 0 knows nothing, 1 is perfect.
        z: Distance of the skill from that of shuffled labels, in its standard deviations.
        spread: Standard deviation of the skill of shuffled labels.
    """

    skill: float
    z: float
    spread: float


def targets(arrays: Sequence[np.ndarray], *, classes: bool) -> list[Target]:
    """Return the labels of several splits in one coding, learned from the first.

    Args:
        arrays: Labels of each split, `(rows, ...)`.
        classes: Whether they are exclusive classes: numbers, or vectors over the classes.
    """
    flat = [np.nan_to_num(np.asarray(a, "float64").reshape(len(a), -1)) for a in arrays]
    if classes and flat[0].shape[1] > 1:
        return [Target(values, classes=True) for values in flat]
    if classes:
        known = np.unique(flat[0])
        return [Target((values == known).astype("float64"), classes=True) for values in flat]
    mixed = flat[0].shape[1] > MOST_OUTPUTS
    if mixed:
        mix = np.random.default_rng(0).standard_normal((flat[0].shape[1], MOST_OUTPUTS))
        scale = np.maximum(flat[0].std(0), 1e-12) * (flat[0].std(0) > 0)
        flat = [(values - flat[0].mean(0)) @ (mix * (scale > 0)[:, None]) for values in flat]
    if all(np.isin(values, (0.0, 1.0)).all() for values in flat):
        return [Target(values, classes=False) for values in flat]
    mean, std = flat[0].mean(0), flat[0].std(0)
    std = np.where(std > 0, std, 1.0)
    scaled = [(values - mean) / std for values in flat]
    fences = _fences(scaled)
    return [Target(values, classes=False, mixed=mixed, fences=fences) for values in scaled]


def _fences(splits: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return Tukey's fences, the widest of any split; none where half of one is one number."""
    lows, highs = [], []
    for values in splits:
        low, high = np.quantile(values, (0.25, 0.75), axis=0) if len(values) else (0.0, 0.0)
        reach = np.where(high > low, REACH * (high - low), np.inf)
        lows.append(low - reach)
        highs.append(high + reach)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _forest(x: np.ndarray, y: np.ndarray, held: np.ndarray, seed: int) -> Learned:
    model = ExtraTreesRegressor(
        TREES, bootstrap=True, oob_score=_nothing, max_features=0.4, random_state=seed
    ).fit(x, y if y.shape[1] > 1 else y.ravel())
    own = np.asarray(model.oob_prediction_).reshape(len(x), -1)
    told = np.zeros((len(held), y.shape[1]))
    if len(held):
        parts = [
            tree.predict(held).reshape(len(held), -1) for tree in model.estimators_[:UNSEEN]
        ]
        told = np.mean(parts, axis=0)
    return Learned(own, told)


def _nothing(*_: object) -> float:
    """Stand in for the score that scikit-learn computes with its predictions."""
    return 0.0


def _ridge(x: np.ndarray, y: np.ndarray, held: np.ndarray) -> Learned:
    """Linear predictions; leave-one-out ones in closed form."""
    scaled = np.array(x, "float64", order="F")  # changed in place: it may be large
    mean, size = scaled.mean(0), np.maximum(scaled.max(0), -scaled.min(0))
    std = np.maximum(scaled.std(0), 1e-6 * (size + 1e-12))
    scaled -= mean
    scaled /= std
    u, s, vt = linalg.svd(scaled, full_matrices=False, overwrite_a=True, check_finite=False)
    del scaled
    centre = y.mean(0)
    best, least = None, np.inf
    for alpha in ALPHAS:
        shrunk = s**2 / (s**2 + alpha)
        hat = np.minimum(
            (np.einsum("ij,ij,j->i", u, u, shrunk) + 1 / len(x))[:, None], 1 - 1e-6
        )
        fitted = u @ (shrunk[:, None] * (u.T @ (y - centre))) + centre
        own = (fitted - hat * y) / (1 - hat)
        cost = float(np.square(own - y).mean())
        if cost < least:
            best, least = (alpha, own), cost
    alpha, own = best if best is not None else (ALPHAS[-1], np.broadcast_to(centre, y.shape))
    weights = vt.T @ ((s / (s**2 + alpha))[:, None] * (u.T @ (y - centre)))
    return Learned(own, (held - mean) / std @ weights + centre)


def learn(x: np.ndarray, target: Target, held: np.ndarray, seed: int = 0) -> Learned:
    """Return predictions of the better of a forest and a linear model.

    The linear one counts only where it beats the mean of the other rows, which goes down where
    a label goes up.

    Args:
        x: Features `(rows, features)`.
        target: Labels of these rows.
        held: Features of further rows, may have none.
        seed: Seed of the forest.
    """
    y = target.tame
    forest = _forest(x, y, held, seed)
    linear = _ridge(x, y, np.asarray(held, "float64"))
    of_mean = float(y.var(0).mean()) * (len(y) / (len(y) - 1)) ** 2
    costs = [float(np.square(one.own - y).mean()) for one in (forest, linear)]
    return linear if costs[1] < min(costs[0], 0.99 * of_mean) else forest


def _balanced(said: np.ndarray, given: np.ndarray, size: int) -> float:
    table = np.bincount(given * size + said, minlength=size * size).reshape(size, size)
    counts = table.sum(1)
    there = counts > 0
    recall = (table.diagonal()[there] / counts[there]).mean()
    chance = 1 / max(there.sum(), 2)
    return float((recall - chance) / (1 - chance))


def decided(predictions: np.ndarray, priors: np.ndarray) -> np.ndarray:
    """Return the class each row speaks for most, its prior share put aside."""
    return (predictions / np.maximum(priors, 1e-3)).argmax(1)


def signal(
    predictions: np.ndarray, target: Target, priors: np.ndarray, seed: int = 0
) -> Signal:
    """Return how far predictions follow labels, against the same labels shuffled.

    Args:
        predictions: Out-of-sample predictions `(rows, outputs)`.
        target: The labels of these rows.
        priors: Mean of the labels learned from, `(outputs,)`.
        seed: Seed of the shuffles.
    """
    random = np.random.default_rng(seed)
    if target.classes:
        said, given, size = decided(predictions, priors), target.given, target.values.shape[1]
        skill = _balanced(said, given, size)
        chance = [_balanced(said, random.permutation(given), size) for _ in range(PERMUTATIONS)]
    else:
        numbers = target.tame
        spread = np.maximum(numbers.var(0), 1e-12)

        def explained(values: np.ndarray) -> float:
            lost = np.square(values - predictions).mean(0) / spread
            return float(np.clip(1 - lost, -1, 1).mean())

        skill = explained(numbers)
        chance = [explained(random.permutation(numbers)) for _ in range(PERMUTATIONS)]
    mean, std = float(np.mean(chance)), float(np.std(chance))
    return Signal(skill, (skill - mean) / max(std, 1e-9), std)


def signal_of(x: np.ndarray, target: Target, seed: int = 0) -> Signal:
    """Return how well labels follow from inputs, by predictions made without them."""
    own = learn(x, target, x[:0], seed).own
    return signal(own, target, target.values.mean(0), seed)
