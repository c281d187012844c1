"""Features of rows with random waves of them, in which a linear model sees bends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.kernel_approximation import RBFSampler
from sklearn.utils.extmath import randomized_svd

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.features import encoding
from keras_recipe.data.patches import averaged, is_placed

WAVES = 512  # random Fourier features beside the linear ones
FAR = 1e4  # deviations; the squares of more would not fit single precision
REFERENCE = 512  # rows whose distances say how wide the waves are
SIDE = 32  # rows and columns that pictures are averaged to at most; series: 4 * SIDE steps
COMPONENTS = 64
PIECE = 64  # rows of a sample averaged at a time

Encode = Callable[[Any], np.ndarray]


def by_columns(sample: Batch, seed: int = 0) -> Encode:
    """Return what encodes rows as other simple models get them, each column standardised."""
    encode = encoding(sample.x, seed)
    made = encode(sample.x)
    mean, spread = made.mean(0), made.std(0)
    scale = np.where(spread > 1e-6 * np.abs(made).max(0), spread, np.inf)
    return lambda x: np.clip((encode(x) - mean) / scale, -FAR, FAR).astype("float32")


def by_components(sample: Batch, seed: int = 0) -> Encode | None:
    """Return what encodes pictures or series by their principal components.

    One scale for all of them: what varies little is mostly noise, and stays little. Of
    Fashion-MNIST's rows 85.8 % are known so, and 85.0 % by patches, which take ten times as
    long; only patches see small things at any place.

    Returns:
        None where the inputs are not one array of pictures or series.
    """
    (leaf, *others) = leaves(sample.x)
    if others or not is_placed(leaf):
        return None
    starts = range(0, len(leaf), PIECE)
    flat = np.concatenate([_flat(leaf[i : i + PIECE]) for i in starts])
    mean = flat.mean(0, dtype="float64").astype("float32")
    flat -= mean
    spread = float(np.sqrt(np.square(flat, dtype="float64").mean()))
    scale = np.float32(spread if spread > 1e-6 * float(np.abs(mean).max()) else np.inf)

    def near(rows: np.ndarray) -> np.ndarray:
        return np.clip(rows / scale, -FAR, FAR)

    count = min(COMPONENTS, *flat.shape)
    turned = randomized_svd(near(flat), count, random_state=seed)[2].T

    def encode(x: Any) -> np.ndarray:
        (rows,) = leaves(x)
        return near(_flat(rows) - mean) @ turned

    return encode


def _flat(leaf: np.ndarray) -> np.ndarray:
    """Return pictures `(rows, places)`, averaged where they are large."""
    return averaged(leaf, SIDE).reshape(len(leaf), -1)


class Waves:
    """Random waves of encoded rows (Rahimi and Recht 2007).

    Args:
        sample: Rows whose distances say how wide the waves are.
        encode: What makes numbers of rows, of a scale near 1.
        seed: Decides the waves.
    """

    def __init__(self, sample: Batch, encode: Encode, seed: int = 0) -> None:
        self._encode = encode
        chosen = np.random.default_rng(seed).permutation(len(sample))[:REFERENCE]
        few = encode(sample.take(chosen).x)
        squares = np.square(few).sum(1)
        apart = squares[:, None] + squares - 2 * few @ few.T
        width = float(np.median(apart[~np.eye(len(few), dtype=bool)]))
        waves = RBFSampler(gamma=1 / max(width, 1e-12), n_components=WAVES, random_state=seed)
        self._waves = waves.fit(few)

    def __call__(self, x: Any) -> np.ndarray:
        """Return `(rows, 1 + features + 512)`."""
        plain = self._encode(x)
        waves = self._waves.transform(plain).astype("float32") * np.float32(np.sqrt(WAVES))
        return np.concatenate([np.ones((len(plain), 1), "float32"), plain, waves], axis=1)
