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
LOOKS = 32  # places along each axis where patches of larger pictures are looked at unaveraged
PIECE = 2**22  # numbers of the patches held at a time: 16 MiB
ROWS = 1024  # rows whose patches are looked at at a time
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


def is_tokens(leaf: np.ndarray) -> bool:
    """Whether rows are sequences over one vocabulary: whole numbers that columns share."""
    if leaf.ndim != 2 or leaf.shape[1] < 2 or leaf.dtype.kind not in "biuf":
        return False
    if leaf.dtype.kind == "f" and not (leaf == np.rint(leaf)).all():
        return False
    if leaf.dtype.kind == "f" and leaf.max() > 1 / np.finfo(leaf.dtype).eps:  # whole by nature
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
    """Return patches `(rows, elements, places)`; in a series of `2 * width - 1` steps.

    All of them in a picture of up to 32 x 32 (a series of 1024 steps), in a larger one as
    many, at even distances.
    """
    axes = _places(values)[:2]
    flat = len(axes) > 1
    wanted = width if flat else 2 * width - 1
    widths = tuple(min(wanted, values.shape[a]) for a in axes)
    cut = np.lib.stride_tricks.sliding_window_view(values, widths, axes)
    cut = np.moveaxis(cut, axes, range(-len(axes), 0))
    most = LOOKS if flat else LOOKS**2
    steps = [slice(None, None, -(-size // most)) for size in cut.shape[-len(axes) :]]
    index: tuple[Any, ...] = (..., *steps)
    cut = cut[index]
    places = math.prod(cut.shape[-len(axes) :])
    return cut.reshape(len(values), -1, places)


def _patches(values: np.ndarray, random: np.random.Generator, width: int) -> np.ndarray:
    """Return lively random patches of pictures, each with mean 0 and length 1."""
    found = np.moveaxis(_windows(values, width), 1, 2)
    found = found.reshape(-1, found.shape[-1])
    found = found[random.permutation(len(found))[: 8 * PATCHES]]
    found = found - found.mean(1, keepdims=True)
    length = np.linalg.norm(found, axis=1)
    lively = np.argsort(-length, kind="stable")[: 4 * PATCHES]
    chosen = random.permutation(lively)[:PATCHES]
    return np.asarray(found[chosen] / np.maximum(length[chosen], 1e-12)[:, None])


def _seen(values: np.ndarray, patches: np.ndarray, width: int) -> np.ndarray:
    """Return how patches answer wherever they are: most, least and mean size."""
    axes = _places(values)[:2]
    most = LOOKS if len(axes) > 1 else LOOKS**2
    sizes = [min(n, most) if a in axes else n for a, n in enumerate(values.shape)][1:]
    step, found = max(1, min(64, PIECE // (math.prod(sizes) * width**2))), []
    for start in range(0, max(len(values), 1), step):
        answers = patches @ _windows(values[start : start + step], width)
        seen = [answers.max(2), answers.min(2), np.abs(answers, out=answers).mean(2)]
        found.append(np.concatenate(seen, axis=1))
    return np.concatenate(found)


def local(leaf: np.ndarray, seed: int = 0, width: int = WIDTH) -> Encoder:
    """Return what patches of a picture or series say, wherever they are, and its statistics.

    Patches are looked for in pictures averaged to at most 16 x 16, and in larger ones also
    as they are: averaging loses fine textures.

    Args:
        leaf: Pictures or series, `(rows, places..., channels)`.
        seed: Decides the patches.
        width: Rows and columns of a patch.
    """
    random = np.random.default_rng(seed)
    some = leaf[random.permutation(len(leaf))[:64]]
    small = _small(some, SIDE)
    known = [(SIDE, _patches(small, random, width))]
    if small.shape != some.shape:
        whole = np.nan_to_num(_numbers(some))
        known.append((max(some.shape), _patches(whole, random, width)))

    def make(array: np.ndarray) -> np.ndarray:
        inner = tuple(range(1, array.ndim - 1))
        found = []
        for start in range(0, max(len(array), 1), ROWS):
            values = np.nan_to_num(_numbers(array[start : start + ROWS]))
            simple = [f(values, axis=inner)[:, :8] for f in (np.mean, np.std, np.min, np.max)]
            seen = [_seen(_small(values, side), patches, width) for side, patches in known]
            found.append(np.concatenate([*simple, *seen], axis=1))
        return np.concatenate(found)

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
