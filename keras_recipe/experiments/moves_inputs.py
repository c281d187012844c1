"""Moves that show the model less of each row: half the resolution, or fewer features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.inspection import permutation_importance

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import leaves
from keras_recipe.experiments.augmented import labels_of
from keras_recipe.experiments.program import Program, changed
from keras_recipe.experiments.trial_move import Move
from keras_recipe.surgery.rebuilt import rebuilt
from keras_recipe.surgery.selected import Selected

SMALLEST = 8  # pixels a side of which half still shows something
TREES = 100  # scikit-learn's default
REPEATS = 10  # shuffles of a feature, of which the deviation is taken
SURE = 2.0  # of those deviations that an importance must be above zero to count
FEWEST = 64  # rows that importances can be learned from


@dataclass(frozen=True)
class _Halved:
    """Makes a layer that averages 2 x 2 pixels."""

    def __call__(self) -> Sequence[Any]:
        return (keras.layers.AveragePooling2D(2),)


@dataclass(frozen=True)
class _Chosen:
    """Makes a layer that hands on some features."""

    indices: tuple[int, ...]

    def __call__(self) -> Sequence[Any]:
        return (Selected(self.indices),)


def smaller_input(program: Program) -> list[Move]:
    """Return the move that makes the inputs smaller.

    Args:
        program: What is changed.

    Raises:
        NotApplicable: The inputs are neither images nor rows of features, or each feature
            counts.
    """
    x = program.inputs
    if x.ndim == 2:
        return [_fewer_features(program, x)]
    if min(program.images.shape[1:3]) < SMALLEST:
        msg = f"the images have fewer than {SMALLEST} pixels a side"
        raise NotApplicable(msg)
    change = changed(program.model, partial(rebuilt, front=_Halved()))
    high, wide = x.shape[1:3]
    text = f"images of {high // 2} x {wide // 2} pixels in place of {high} x {wide}"
    return [Move(name="half the resolution", text=text, change=change)]


def _fewer_features(program: Program, x: np.ndarray) -> Move:
    """Return the move that leaves out the features whose shuffling costs trees nothing."""
    if len(x) < FEWEST or not np.isfinite(x).all() or x.shape[1] < 2:
        msg = f"fewer than {FEWEST} whole rows, or of one feature"
        raise NotApplicable(msg)
    head = program.head
    classes = head.kind in ("binary", "multiclass")
    y = labels_of(program.sample, head) if classes else leaves(program.sample.y)[0]
    y = y.reshape(len(y), -1) if y.size > len(y) else y.reshape(len(y))
    made = ExtraTreesClassifier if classes else ExtraTreesRegressor
    trees = made(TREES, min_samples_leaf=3, random_state=program.seed)
    order = np.random.default_rng(program.seed).permutation(len(x))
    learned, asked = np.array_split(order, 2)
    trees.fit(x[learned], y[learned])
    found = permutation_importance(
        trees, x[asked], y[asked], n_repeats=REPEATS, random_state=program.seed
    )
    counts = found.importances_mean > SURE * found.importances_std
    kept = tuple(int(i) for i in np.flatnonzero(counts))
    if not kept or len(kept) == x.shape[1]:
        msg = (
            "each feature counts" if kept else "no feature's shuffling costs a simple model "
            "anything, so none can be chosen"
        )  # fmt: skip
        raise NotApplicable(msg)
    change = changed(program.model, partial(rebuilt, front=_Chosen(kept)))
    text = (
        f"{len(kept)} of {x.shape[1]} features: those whose shuffling costs trees something "
        f"beyond {SURE:g} deviations"
    )
    return Move(name="fewer features", text=text, change=change)
