"""Moves that add made-up rows to the training rows, at several shares."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.experiments.program import Program
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.experiments.trial_move import Move

SHARES = (0.25, 0.5)  # of all rows: a few made-up ones among true ones, and as many as true
ALPHA = 0.4  # of Beta(a, a): Zhang et al. 2018 find 0.1 to 0.4 best on ImageNet
MOST_ROWS = 100_000  # mixed at most
PIECE = 256  # rows that Keras's layer mixes among each other


def synthetic(program: Program) -> list[Move]:
    """Return the moves: the user's own made-up rows, MixUp, and CutMix of images.

    Raises:
        NotApplicable: There are none of the user's and rows cannot be mixed.
    """
    moves: list[Move] = []
    if program.synthetic is not None:
        _made(program.synthetic, program.sample)  # refused before anything is trained
        moves += [
            Move(
                name=f"synthetic {share:.0%}",
                text=f"your synthetic rows, {share:.0%} of all",
                data=_Added(program.synthetic, share),
            )
            for share in SHARES
        ]
    try:
        kinds = _kinds(program)
    except NotApplicable:
        if moves:
            return moves
        raise
    return moves + [
        Move(
            name=f"{name} {share:.0%}",
            text=f"rows mixed of two, {share:.0%} of all",
            data=_Mixed(mix, share, program.seed),
        )
        for name, mix in kinds.items()
        for share in SHARES
    ]


def _kinds(program: Program) -> dict[str, Callable[..., Any]]:
    program.inputs, program.head  # noqa: B018  they say why not
    if program.inputs.dtype.kind != "f":
        msg = "the inputs are whole numbers, which cannot be mixed"
        raise NotApplicable(msg)
    if has_own_step(program.model):
        msg = "the training step is the model's own and may leave out the weights of mixed rows"
        raise NotApplicable(msg)
    kinds: dict[str, Callable[..., Any]] = {"MixUp": _mixup}
    try:
        program.images  # noqa: B018
    except NotApplicable:
        return kinds
    return {**kinds, "CutMix": _cutmix}


@dataclass(frozen=True)
class _Added:
    """Adds the user's own rows, as many as make their share of all."""

    source: Any
    share: float

    def __call__(self, rows: Batch) -> Batch:
        made = _made(self.source, rows)
        count = min(len(made), math.ceil(len(rows) * self.share / (1 - self.share)))
        made = made.take(slice(0, count))
        if rows.sample_weight is not None:
            weight = mapped(
                lambda w: np.ones((count, *w.shape[1:]), w.dtype), rows.sample_weight
            )
            made = Batch(made.x, made.y, weight)
        return Batch.joined([rows, made])


def _made(source: Any, rows: Batch) -> Batch:
    """Return the user's own rows.

    Raises:
        InputError: They do not have the form of the training rows.
    """
    found = source(rows) if callable(source) else source
    found = Batch(*found[:2]) if isinstance(found, tuple) else found
    fits = isinstance(found, Batch) and found.x is not None and found.y is not None
    if fits:
        found = Batch(mapped(np.asarray, found.x), mapped(np.asarray, found.y))
        pairs = [
            (leaves(one), leaves(other))
            for one, other in ((found.x, rows.x), (found.y, rows.y))
        ]
        fits = len(found) > 0 and all(
            [a.shape[1:] for a in one] == [b.shape[1:] for b in other] for one, other in pairs
        )
    if not fits:
        msg = (
            "`synthetic` must be (x, y) of the training rows' shape, or a function of the "
            f"training rows that returns them. Received: {type(found).__name__}"
        )
        raise InputError(msg)
    return found


@dataclass(frozen=True)
class _Mixed:
    """Adds rows mixed of two.

    A mixed row is there twice, once with each label, and weighs as much as that label has of
    it: the gradient is that of the mixed label for every loss that is linear in it, as cross-
    entropies are, and the labels keep their form, which Keras's MixUp of one-hot labels would
    not leave to a sparse loss.
    """

    mix: Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray, np.ndarray]]
    share: float
    seed: int

    def __call__(self, rows: Batch) -> Batch:
        random = np.random.default_rng(self.seed)
        pairs = math.ceil(len(rows) * self.share / (1 - self.share) / 2)
        chosen = random.integers(len(rows), size=min(pairs, MOST_ROWS))
        first = rows.take(chosen)
        (x,) = leaves(first.x)
        mixed, partner, kept = self.mix(x, random)
        second = first.take(partner)
        whole = rows.sample_weight
        whole = np.ones(len(rows), "float32") if whole is None else leaves(whole)[0]
        parts = [Batch(rows.x, rows.y, whole)]
        for labels, weight in ((first, kept), (second, 1 - kept)):
            own = labels.sample_weight
            own = 1.0 if own is None else leaves(own)[0]
            made = keras.tree.map_structure(lambda _: mixed, first.x)
            parts.append(Batch(made, labels.y, (2 * weight * own).astype("float32")))
        return Batch.joined(parts)


def _mixup(
    x: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mixed rows, the partner of each and the share each has of itself."""
    partner = random.permutation(len(x))
    kept = random.beta(ALPHA, ALPHA, len(x))
    lam = kept.reshape(-1, *[1] * (x.ndim - 1)).astype(x.dtype)
    return lam * x + (1 - lam) * x[partner], partner, kept


def _cutmix(
    x: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows with a patch of another, by Keras's layer, as `_mixup` does.

    The layer is told the number of each row as its one-hot label, and mixes those.
    """
    layer = keras.layers.CutMix(seed=int(random.integers(2**31)))
    rows, partners, shares = [], [], []
    for start in range(0, len(x), PIECE):
        part = x[start : start + PIECE].astype("float32")
        told = layer(
            {"images": part, "labels": np.eye(len(part), dtype="float32")}, training=True
        )
        rows.append(np.asarray(keras.ops.convert_to_numpy(told["images"])))
        labels = np.asarray(keras.ops.convert_to_numpy(told["labels"]), "float64")
        own = np.arange(len(part))
        shares.append(labels[own, own].copy())
        labels[own, own] = 0.0
        other = np.where(labels.max(1) > 0, labels.argmax(1), own)
        partners.append(start + other)
    mixed = np.concatenate(rows).astype(x.dtype)
    return mixed, np.concatenate(partners), np.concatenate(shares)
