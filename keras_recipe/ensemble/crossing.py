"""What selection is worth on rows it did not see: chosen on each half, judged on the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.average import gathered, spread
from keras_recipe.ensemble.select import select
from keras_recipe.experiments.held_out import HeldOut


def crossed(
    held: HeldOut, outputs: Sequence[Any], kinds: Sequence[str], *, most: int, seed: int
) -> tuple[Any, Any, Any]:
    """Return the outputs of the best single model, of the selection and of the mean of all.

    The loss of what was chosen on the same rows would be too good: of many models some fit
    these rows by luck.

    Args:
        held: The rows.
        outputs: Of each candidate on all of them.
        kinds: As `average.kinds_of` says.
        most: As for `select`.
        seed: Decides the halves and the bags.
    """
    count = len(held.rows)
    order = np.random.default_rng(seed).permutation(count)
    halves = (order[: count // 2], order[count // 2 :])
    answers: tuple[list[Any], ...] = ([], [], [])
    for here, there in (halves, halves[::-1]):
        other = dataclasses.replace(held, rows=held.rows.take(there))
        seen = [Batch(one).take(there).x for one in outputs]
        picked = select(seen, kinds, other.loss, most=most, seed=seed)
        alone = np.eye(len(outputs))[picked.best]
        even = np.full(len(outputs), 1 / len(outputs))
        unseen = [Batch(one).take(here).x for one in outputs]
        for answer, weights in zip(answers, (alone, picked.weights, even), strict=True):
            answer.append(Batch(weighted_mean(unseen, kinds, weights)))
    back = np.argsort(np.concatenate(halves), kind="stable")
    single, greedy, everything = (Batch.joined(one).take(back).x for one in answers)
    return single, greedy, everything


def weighted_mean(
    outputs: Sequence[Any], kinds: Sequence[str], weights: Sequence[float]
) -> Any:
    """Return the outputs of a weighted mean of models.

    Args:
        outputs: Of each model, arrays `(rows, ...)` in its structure.
        kinds: As `average.kinds_of` says.
        weights: One for each; they sum to 1.
    """
    total: Any = None
    for one, weight in zip(outputs, weights, strict=True):
        if weight:
            part = keras.tree.map_structure(lambda leaf, w=weight: leaf * w, spread(one, kinds))
            total = part if total is None else keras.tree.map_structure(np.add, total, part)
    return gathered(total, kinds)
