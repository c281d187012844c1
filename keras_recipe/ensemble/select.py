"""Which models of many to average: greedily, with replacement, in bags (Caruana 2004)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.ensemble.average import gathered, spread

BAGS = 20  # Caruana et al. 2004, section 2.3
SHARE = 0.5  # of the models in a bag; there, too
ROUNDS = 50  # models added at most in a bag; the size of auto-sklearn's ensembles (Feurer 2015)
MOST = (
    10  # different models: each costs its time, and the error of deep ensembles has flattened
)
# by then (Lakshminarayanan et al. 2017, figure 2)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What was chosen.

    Attributes:
        weights: One for each candidate, 0 for those left out; they sum to 1.
        loss: Loss of their weighted mean on the rows it was chosen on.
        how: `"greedy"`, `"best single"` or `"mean of all"`: the last two where greedy
            selection would be worse on these rows.
        losses: Loss of each candidate alone.
        mean_of_all: Loss of the plain mean of all candidates.
    """

    weights: tuple[float, ...]
    loss: float
    how: str
    losses: tuple[float, ...]
    mean_of_all: float

    @property
    def best(self) -> int:
        """Place of the best candidate alone."""
        return int(np.argmin(self.losses))

    @property
    def chosen(self) -> tuple[int, ...]:
        """Places of the candidates that count."""
        return tuple(int(i) for i in np.flatnonzero(self.weights))


class _Mean:
    """Loss of weighted means of the candidates' outputs."""

    def __init__(self, outputs: Sequence[Any], kinds: Sequence[str], loss: Any) -> None:
        self._form, self._kinds, self._loss = outputs[0], kinds, loss
        parts = [keras.tree.flatten(spread(one, kinds)) for one in outputs]
        self._stacks = [np.stack(one) for one in zip(*parts, strict=True)]

    def outputs(self, weights: np.ndarray) -> Any:
        """Return the outputs of the mean."""
        shares = weights / weights.sum()
        used = np.flatnonzero(shares)
        means = [np.tensordot(shares[used], one[used], 1) for one in self._stacks]
        return gathered(keras.tree.pack_sequence_as(self._form, means), self._kinds)

    def loss(self, weights: np.ndarray) -> float:
        """Return its loss; infinite where it is no number."""
        found = float(self._loss(self.outputs(weights)))
        return found if np.isfinite(found) else np.inf


def select(
    outputs: Sequence[Any],
    kinds: Sequence[str],
    loss: Callable[[Any], float],
    *,
    most: int = MOST,
    bags: int = BAGS,
    share: float = SHARE,
    seed: int = 0,
) -> Selection:
    """Choose weights for models by their outputs on held-out rows.

    In each bag, a random part of the models, it starts with as many of the best as are best
    together, and adds, any model any number of times, whichever has the lowest loss, as long
    as it does not rise. The counts of all bags together are the weights. On the rows it is
    chosen on, the result is never worse than the best single model, nor (of at most `most`
    models) than the mean of all.

    Args:
        outputs: Of each candidate on the same rows, arrays `(rows, ...)` in its structure.
        kinds: As `average.kinds_of` says.
        loss: Takes outputs and returns the model's own loss on those rows.
        most: Different models at most.
        bags: Bags.
        share: Share of the models in a bag, at least `most` models; with no more models than
            that there is one bag with all of them, for bags without the best would only harm.
        seed: Decides the bags.

    Raises:
        InputError: There is no candidate, or none has a loss that is a number.

    Source:
        Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from libraries of
        models", sections 2.1 to 2.3.
    """
    if not len(outputs):
        msg = "There is no model to select."
        raise InputError(msg)
    mean, count = _Mean(outputs, kinds, loss), len(outputs)
    alone = np.eye(count)
    losses = [mean.loss(one) for one in alone]
    if not np.isfinite(losses).any():
        msg = "None of the models has a loss that is a number on the held-out rows."
        raise InputError(msg)
    sound = np.flatnonzero(np.isfinite(losses))
    random, counts = np.random.default_rng(seed), np.zeros(count)
    size = min(max(most, round(share * len(sound))), len(sound))
    for _ in range(bags if size < len(sound) else 1):
        bag = random.choice(sound, size, replace=False)
        counts += _climbed(mean, np.asarray(losses), bag)
    everything = np.ones(count) / count
    found = {
        "greedy": _capped(counts, most),
        "best single": alone[int(np.argmin(losses))],
        "mean of all": everything,
    }
    scores = {how: mean.loss(weights) for how, weights in found.items()}
    allowed = [how for how in found if np.count_nonzero(found[how]) <= most]
    how = min(allowed, key=lambda one: scores[one])  # greedy is first among equals
    return Selection(
        weights=tuple(float(w) for w in found[how]),
        loss=scores[how],
        how=how,
        losses=tuple(losses),
        mean_of_all=scores["mean of all"],
    )


def _climbed(mean: _Mean, losses: np.ndarray, bag: np.ndarray) -> np.ndarray:
    """Return the share of each model after greedy selection in one bag."""
    order = bag[np.argsort(losses[bag], kind="stable")]
    counts, best = np.zeros(len(losses)), np.inf
    for size in range(1, len(order) + 1):  # sorted initialisation
        tried = np.zeros(len(losses))
        tried[order[:size]] = 1
        score = mean.loss(tried)
        if score < best:
            counts, best = tried, score
    while counts.sum() < ROUNDS:
        scores = [mean.loss(counts + (np.arange(len(losses)) == one)) for one in order]
        if not min(scores) <= best:  # the best once more is no loss, and smaller shares follow
            break
        best = min(scores)
        counts[order[int(np.argmin(scores))]] += 1
    found: np.ndarray = counts / counts.sum()
    return found


def _capped(counts: np.ndarray, most: int) -> np.ndarray:
    """Return the shares of the `most` models that count most."""
    kept = np.argsort(-counts, kind="stable")[:most]
    found = np.zeros(len(counts))
    found[kept] = counts[kept]
    shares: np.ndarray = found / found.sum()
    return shares
