"""Pictures and series, where things have a place: averaged, and looked at patch by patch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_recipe.data.tokens import is_one_hot

Encoder = Callable[[np.ndarray], np.ndarray]

SIDE = 16  # rows and columns that pictures are averaged to at most; series: 4 * SIDE steps
WIDTH = 3  # of a patch
PATCHES = 24  # random patches of the data itself, used as filters
LOOKS = 32  # places along each axis where patches of larger pictures are looked at unaveraged
PIECE = 2**22  # numbers of the patches held at a time: 16 MiB
ROWS = 1024  # rows whose patches are looked at at a time


def numbers(array: np.ndarray) -> np.ndarray:
    """Return float32 `(rows, ...)`; infinities become gaps, gaps stay."""
    with np.errstate(over="ignore"):
        values = array.astype("float32")
    values[~np.isfinite(values)] = np.nan
    return values


def _filled(array: np.ndarray) -> np.ndarray:
    """Return float32 `(rows, ...)` with 0 for what is not finite."""
    with np.errstate(over="ignore"):
        values = array.astype("float32")
    if array.dtype.kind not in "biu":
        values[~np.isfinite(values)] = 0
    return values


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


def averaged(array: np.ndarray, side: int) -> np.ndarray:
    """Return pictures of at most `side` rows and columns, series of `4 * side` steps."""
    values = _filled(array)
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
    small = averaged(some, SIDE)
    known = [(SIDE, _patches(small, random, width))]
    if small.shape != some.shape:
        whole = _filled(some)
        known.append((max(some.shape), _patches(whole, random, width)))

    def make(array: np.ndarray) -> np.ndarray:
        inner = tuple(range(1, array.ndim - 1))
        found = []
        for start in range(0, max(len(array), 1), ROWS):
            values = _filled(array[start : start + ROWS])
            simple = [f(values, axis=inner)[:, :8] for f in (np.mean, np.std, np.min, np.max)]
            seen = [_seen(averaged(values, side), patches, width) for side, patches in known]
            found.append(np.concatenate([*simple, *seen], axis=1))
        return np.concatenate(found)

    return make


def is_placed(leaf: np.ndarray) -> bool:
    """Whether rows are pictures or series of numbers: places, with a step between them."""
    plain = leaf.dtype.kind in "biuf" and leaf.ndim > 2 and not is_one_hot(leaf)
    return plain and max(leaf.shape[a] for a in _places(leaf)) > 2


def smaller(leaf: np.ndarray, factor: int) -> np.ndarray:
    """Return pictures or series with `factor` x `factor` places averaged into one."""
    values = numbers(leaf)
    for axis in _places(leaf):
        values = _pooled(values, axis, max(1, leaf.shape[axis] // factor))
    return values
