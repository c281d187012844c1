"""Inputs of any kind as one matrix of numbers that simple models can learn from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import HashingVectorizer

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import leaves
from keras_recipe.data.patches import Encoder, averaged, local, numbers
from keras_recipe.data.tokens import is_one_hot, is_tokens

MOST_COLUMNS = 128  # columns of one input before principal components are taken
COMPONENTS = 64
COARSE = 8  # rows and columns of the view of pictures that keeps the place
WORDS = 128  # columns of hashed counts


def encoded(first: Any, *others: Any, seed: int = 0) -> list[np.ndarray]:
    """Return inputs as matrices `(rows, features)` in float32, without gaps.

    Tables keep their columns. Pictures and series give a coarse view, simple statistics and
    the responses of random patches wherever they are (Coates and Ng 2011), so that a thing at
    any place is seen. Tokens and text give hashed counts. Two inputs of one shape also give
    their difference. What is learned (components, patches) is learned from `first` alone.

    Args:
        first: Inputs as a `Batch` has them: an array or a structure of arrays.
        *others: Further rows in the same structure.
        seed: Decides the patches.

    Raises:
        NotApplicable: The structures differ, or an input has no numbers.
    """
    make = encoding(first, seed)
    return [make(part) for part in (first, *others)]


def encoding(first: Any, seed: int = 0) -> Callable[[Any], np.ndarray]:
    """Return the function that makes one matrix of inputs like `first`, as `encoded` does.

    So that many rows can be encoded in pieces.

    Args:
        first: Inputs from which components and patches are learned.
        seed: Decides the patches.

    Raises:
        NotApplicable: An input has no numbers; by the function, that the structures differ.
    """
    known = leaves(first)
    shapes = [leaf.shape[1:] for leaf in known]
    makers = [encoder(leaf, seed) for leaf in known]
    alike = [
        (one, two)
        for one, two in itertools.combinations(range(len(makers)), 2)
        if shapes[one] == shapes[two]
    ]

    def make(rows: Any) -> np.ndarray:
        group = leaves(rows)
        if [leaf.shape[1:] for leaf in group] != shapes:
            msg = "rows of different shapes cannot be put into one table"
            raise NotApplicable(msg)
        found = [maker(leaf) for maker, leaf in zip(makers, group, strict=True)]
        for one, two in alike:
            gap = np.abs(makers[one](group[one]) - makers[one](group[two]))
            found += [gap, np.sqrt(np.square(gap).mean(1, keepdims=True))]
        return np.concatenate(found, axis=1)

    return make


def encoder(leaf: np.ndarray, seed: int = 0) -> Encoder:
    """Return the function that makes `(rows, features)` of arrays like `leaf`."""
    if leaf.dtype.kind in "US":
        return _text
    if leaf.dtype.kind not in "biuf":
        msg = f"an input holds {leaf.dtype}, not numbers"
        raise NotApplicable(msg)
    if is_one_hot(leaf):
        inner = _tokens(leaf.argmax(-1), seed)
        return lambda array: inner(array.argmax(-1))
    if is_tokens(leaf):
        return _tokens(leaf, seed)
    rank = leaf.ndim - 1
    return _picture(leaf, seed) if rank > 1 and leaf.size else _table(leaf, seed)


def _filler(values: np.ndarray) -> np.ndarray:
    """Return what stands for a gap: each column's mean."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(0, dtype="float64")
    return (total / np.maximum(known.sum(0), 1)).astype("float32")


def _reduced(make: Encoder, leaf: np.ndarray, seed: int, most: int = MOST_COLUMNS) -> Encoder:
    """Return `make` with gaps filled and, where it has many columns, principal components."""
    values = make(leaf)
    filler = _filler(values)

    def filled(array: np.ndarray) -> np.ndarray:
        made = make(array)
        return np.where(np.isfinite(made), made, filler)

    count = min(COMPONENTS, len(leaf), values.shape[1])
    if values.shape[1] <= most or not count:
        return filled
    scale = np.maximum(filled(leaf).std(0), 1e-12)
    known = PCA(count, svd_solver="randomized", random_state=seed).fit(filled(leaf) / scale)
    return lambda array: known.transform(filled(array) / scale).astype("float32")


def _flat(array: np.ndarray) -> np.ndarray:
    return numbers(array).reshape(len(array), math.prod(array.shape[1:]))


def _table(leaf: np.ndarray, seed: int) -> Encoder:
    return _reduced(_flat, leaf, seed)


def _picture(leaf: np.ndarray, seed: int) -> Encoder:
    coarse = _reduced(lambda array: _flat(averaged(array, COARSE)), leaf, seed)
    patches = local(leaf, seed)
    return lambda array: np.concatenate([coarse(array), patches(array)], axis=1)


def _tokens(leaf: np.ndarray, seed: int) -> Encoder:
    low, high = int(leaf.min()), int(leaf.max())
    size = min(WORDS, high - low + 1)
    placed = _table(leaf, seed)  # small images of whole numbers look like tokens

    def make(array: np.ndarray) -> np.ndarray:
        ids = np.rint(array).astype("int64")
        rows = np.arange(len(ids))[:, None]
        counts = np.zeros((len(ids), size), "float32")
        np.add.at(counts, (rows, (ids - low) % size), 1)
        pairs = np.zeros((len(ids), COMPONENTS), "float32")
        np.add.at(pairs, (rows, (ids[:, :-1] * 31 + ids[:, 1:]) % COMPONENTS), 1)
        length = (ids != 0).sum(1, keepdims=True).astype("float32")
        return np.concatenate([counts, pairs, length, placed(array)], axis=1)

    return make


def _text(array: np.ndarray) -> np.ndarray:
    made = HashingVectorizer(n_features=WORDS, alternate_sign=False, norm=None)
    words: Sequence[str] = [" ".join(row.astype(str)) for row in array.reshape(len(array), -1)]
    return np.asarray(made.transform(words).toarray(), "float32")
