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

Encoder = Callable[[np.ndarray], np.ndarray]

MOST_COLUMNS = 128  # columns of one input before principal components are taken
COMPONENTS = 64
SIDE = (
    16  # pictures are averaged to at most this many rows and columns, series to 4 * SIDE steps
)
COARSE = 8  # and to this many for the view that keeps the place
WIDTH = 3  # of a patch
PATCHES = 24  # random patches of the data itself, used as filters
WORDS = 128  # columns of hashed counts
PLACES = 16  # columns looked at to tell tokens from a table
LEAST_SHARED = 0.5  # share of a column's values that another column holds too, for tokens


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
    groups = [leaves(part) for part in (first, *others)]
    shapes = [[leaf.shape[1:] for leaf in group] for group in groups]
    if any(shape != shapes[0] for shape in shapes):
        msg = "rows of different shapes cannot be put into one table"
        raise NotApplicable(msg)
    columns: list[list[np.ndarray]] = [[] for _ in groups]
    makers = []
    for index, leaf in enumerate(groups[0]):
        makers.append(encoder(leaf, seed))
        for found, group in zip(columns, groups, strict=True):
            found.append(makers[-1](group[index]))
    for one, two in itertools.combinations(range(len(makers)), 2):
        if shapes[0][one] == shapes[0][two]:
            for found, group in zip(columns, groups, strict=True):
                gap = np.abs(makers[one](group[one]) - makers[one](group[two]))
                found += [gap, np.sqrt(np.square(gap).mean(1, keepdims=True))]
    return [np.concatenate(found, axis=1) for found in columns]


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


def is_tokens(leaf: np.ndarray) -> bool:
    """Whether rows are sequences over one vocabulary: whole numbers that columns share."""
    if leaf.ndim != 2 or leaf.shape[1] < 2 or leaf.dtype.kind not in "biuf":
        return False
    if leaf.dtype.kind == "f" and not (leaf == np.rint(leaf)).all():
        return False
    if leaf.min() < 0 or len(np.unique(leaf[:, :PLACES])) <= 2:
        return False
    sets = [set(np.unique(column).tolist()) for column in leaf.T[:PLACES]]
    pairs = itertools.pairwise(sets)
    return bool(np.mean([len(a & b) / min(len(a), len(b)) for a, b in pairs]) >= LEAST_SHARED)


def is_one_hot(leaf: np.ndarray) -> bool:
    """Whether rows are sequences of one-hot vectors `(steps, vocabulary)`."""
    if leaf.ndim != 3 or leaf.shape[-1] < 3:
        return False
    few = leaf[:64]
    return bool(((few == 0) | (few == 1)).all() and (few.sum(-1) == 1).mean() > 0.9)


def _numbers(array: np.ndarray) -> np.ndarray:
    """Return float32 `(rows, ...)`; infinities become gaps, gaps stay."""
    with np.errstate(over="ignore"):
        values = array.astype("float32")
    values[~np.isfinite(values)] = np.nan
    return values


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
    return _numbers(array).reshape(len(array), math.prod(array.shape[1:]))


def _table(leaf: np.ndarray, seed: int) -> Encoder:
    return _reduced(_flat, leaf, seed)


def _pooled(values: np.ndarray, axis: int, most: int) -> np.ndarray:
    """Return means over equal pieces of an axis, so that at most `most` are left."""
    size = values.shape[axis]
    if size <= most:
        return values
    edges = np.linspace(0, size, most + 1).astype(int)
    sums = np.add.reduceat(values, edges[:-1], axis=axis)
    shape = [1] * values.ndim
    shape[axis] = most
    return sums / np.diff(edges).reshape(shape).astype("float32")


def _places(array: np.ndarray) -> tuple[int, ...]:
    """Return the axes along which things have a place: all but the rows and the channels."""
    few = array.shape[-1] <= 4 or array.ndim > 3
    return tuple(range(1, array.ndim - 1)) if few or array.ndim == 3 else (1,)


def _small(array: np.ndarray, side: int) -> np.ndarray:
    values = np.nan_to_num(_numbers(array))
    axes = _places(array)
    for axis in axes:
        values = _pooled(values, axis, side if len(axes) > 1 else 4 * side)
    return values


def _windows(values: np.ndarray, width: int) -> np.ndarray:
    """Return all patches `(rows, places, elements)`; in a series of `2 * width - 1` steps."""
    axes = _places(values)[:2]
    wanted = width if len(axes) > 1 else 2 * width - 1
    widths = tuple(min(wanted, values.shape[a]) for a in axes)
    cut = np.lib.stride_tricks.sliding_window_view(values, widths, axes)
    cut = np.moveaxis(cut, axes, range(1, 1 + len(axes)))
    places = math.prod(cut.shape[1 : 1 + len(axes)])
    return cut.reshape(len(values), places, -1)


def _patches(leaf: np.ndarray, seed: int, width: int) -> np.ndarray:
    """Return lively random patches of the data, each with mean 0 and length 1."""
    random = np.random.default_rng(seed)
    rows = random.permutation(len(leaf))[:64]
    found = _windows(_small(leaf[rows], SIDE), width)
    found = found.reshape(-1, found.shape[-1])
    found = found[random.permutation(len(found))[: 8 * PATCHES]]
    found = found - found.mean(1, keepdims=True)
    length = np.linalg.norm(found, axis=1)
    lively = np.argsort(-length, kind="stable")[: 4 * PATCHES]
    chosen = random.permutation(lively)[:PATCHES]
    return (found[chosen] / np.maximum(length[chosen], 1e-12)[:, None]).T


def local(leaf: np.ndarray, seed: int = 0, width: int = WIDTH) -> Encoder:
    """Return what patches of a picture or series say, wherever they are, and its statistics.

    Args:
        leaf: Pictures or series, `(rows, places..., channels)`.
        seed: Decides the patches.
        width: Rows and columns of a patch, after averaging to at most 16 x 16.
    """
    patches = _patches(leaf, seed, width)

    def make(array: np.ndarray) -> np.ndarray:
        values = np.nan_to_num(_numbers(array))
        inner = tuple(range(1, array.ndim - 1))
        simple = [f(values, axis=inner)[:, :8] for f in (np.mean, np.std, np.min, np.max)]
        windows = _windows(_small(array, SIDE), width)
        pieces = [windows[i : i + 64] @ patches for i in range(0, len(array), 64)]
        answers = np.concatenate(pieces)
        seen = [answers.max(1), answers.min(1), np.abs(answers).mean(1)]
        return np.concatenate([*simple, *seen], axis=1)

    return make


def _picture(leaf: np.ndarray, seed: int) -> Encoder:
    coarse = _reduced(lambda array: _flat(_small(array, COARSE)), leaf, seed)
    patches = local(leaf, seed)
    return lambda array: np.concatenate([coarse(array), patches(array)], axis=1)


def is_placed(leaf: np.ndarray) -> bool:
    """Whether rows are pictures or series of numbers: places, with a step between them."""
    plain = leaf.dtype.kind in "biuf" and leaf.ndim > 2 and not is_one_hot(leaf)
    return plain and max(leaf.shape[a] for a in _places(leaf)) > 2


def smaller(leaf: np.ndarray, factor: int) -> np.ndarray:
    """Return pictures or series with `factor` x `factor` places averaged into one."""
    values = _numbers(leaf)
    for axis in _places(leaf):
        values = _pooled(values, axis, max(1, leaf.shape[axis] // factor))
    return values


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
