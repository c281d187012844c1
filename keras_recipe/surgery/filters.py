"""The first layer's weights as pictures, and how much they look like noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.surgery.layers import walk

MOST = 1_000_000  # weights of a first layer that are copied: 4 MB
SHUFFLES = 99  # orders of the places: the least p-value is 1 in 100
JUDGED = 50_000  # of those weights that smoothness is told from: 0.2 s
LEAST = 4  # filters of them, at least
#: Hand on what they get, place by place or in one row.
_PASSING = (
    *(keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape),
    *(keras.layers.Rescaling, keras.layers.Normalization, keras.layers.Dropout),
)


@dataclass(frozen=True)
class Filters:
    """Weights of a first layer, one picture a unit.

    Attributes:
        path: Path of the layer.
        weights: `(units, height, width, channels)`.
    """

    path: str
    weights: np.ndarray


def first_filters(model: Any) -> Filters | None:
    """Return the weights that meet the pixels of images; None where there are none.

    Those of a 2-D convolution, or of a Dense layer right behind images laid out in one row.

    Args:
        model: A built model.
    """
    layers = [
        (path, one)
        for path, one in walk(model)  # what a model holds and never calls has no weights
        if not getattr(one, "layers", None) and (one.weights or isinstance(one, _PASSING))
    ]
    for place, (path, layer) in enumerate(layers):
        if isinstance(layer, keras.layers.Conv2D):
            kernel = layer.kernel
            if kernel.shape[2] > 4 or np.prod(kernel.shape) > MOST:
                return None
            return Filters(path, np.moveaxis(_array(kernel), 3, 0))
        if isinstance(layer, keras.layers.Dense):
            return _dense(model, path, layer, [one for _, one in layers[:place]])
        if layer.weights and not isinstance(layer, _PASSING):
            return None
    return None


def _dense(model: Any, path: str, layer: Any, before: list[Any]) -> Filters | None:
    shape = (
        tuple((getattr(model, "inputs", None) or [None])[0].shape[1:]) if _one(model) else ()
    )
    if len(shape) == 2:  # rows of a series have two axes, too; they are seldom square
        shape = (*shape, 1) if shape[0] == shape[1] else ()
    flat = any(isinstance(one, keras.layers.Flatten | keras.layers.Reshape) for one in before)
    rows = int(layer.kernel.shape[0])
    images = len(shape) == 3 and None not in shape and int(np.prod(shape)) == rows
    if not (flat and images) or np.prod(layer.kernel.shape) > MOST or shape[2] > 4:
        return None
    return Filters(path, np.moveaxis(_array(layer.kernel).reshape(*shape, -1), 3, 0))


def _one(model: Any) -> bool:
    return len(getattr(model, "inputs", None) or []) == 1


def _array(variable: Any) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable), "float32")


def smoothness(weights: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Return how alike neighbouring pixels of filters are, and how far that is beyond noise.

    Moran's I with the four neighbours: the correlation of a pixel with those beside it, over
    all filters; 1 is smooth, about 0 is noise. It is compared with that of the same weights in
    `SHUFFLES` other orders of the places, the same order for all filters, so that filters that
    are alike do not count as many.

    Args:
        weights: `(units, height, width, channels)`.
        seed: Decides the orders.

    Returns:
        The correlation, and its distance from the shuffled ones in their deviations.
    """
    units, high, wide, channels = weights.shape
    maps = np.moveaxis(weights.astype("float64"), 3, 1).reshape(units * channels, high * wide)
    maps = maps - maps.mean(1, keepdims=True)
    total = float((maps**2).mean())
    if not total > 0 or not np.isfinite(total):
        return 0.0, 0.0

    def moran(flat: np.ndarray) -> float:
        grid = flat.reshape(-1, high, wide)
        products = [
            (grid[:, 1:] * grid[:, :-1]).ravel(),
            (grid[:, :, 1:] * grid[:, :, :-1]).ravel(),
        ]
        return float(np.concatenate(products).mean() / total)

    random = np.random.default_rng(seed)
    null = [moran(maps[:, random.permutation(high * wide)]) for _ in range(SHUFFLES)]
    found, spread = moran(maps), float(np.std(null, ddof=1))
    return found, (found - float(np.mean(null))) / spread if spread > 0 else 0.0


def facts(before: Filters | None, after: Filters | None, shown: int = 16) -> dict[str, Any]:
    """Return what a trace keeps of a first layer; empty where there is nothing to keep.

    Args:
        before: The filters before training.
        after: And after it.
        shown: Most filters kept as pictures: those with the largest norms.
    """
    if before is None or after is None or before.weights.shape != after.weights.shape:
        return {}
    change = after.weights - before.weights
    if not np.isfinite(change).all():
        return {}
    size = float(np.linalg.norm(before.weights))
    order = np.argsort(-np.linalg.norm(after.weights.reshape(len(change), -1), axis=1))
    most = max(JUDGED // max(change[0].size, 1), LEAST)
    some = np.unique(np.linspace(0, len(change) - 1, min(most, len(change))).astype(int))
    alike, beyond = smoothness(after.weights[some])
    change_alike, change_beyond = smoothness(change[some])
    return {
        "path": after.path,
        "shape": list(after.weights.shape),
        "moved": float(np.linalg.norm(change)) / size if size > 0 else 0.0,
        "smooth": alike,
        "smooth_beyond": beyond,
        "change_smooth": change_alike,
        "change_beyond": change_beyond,
        "pictures": _rounded(after.weights[order[:shown]]),
    }


def _rounded(weights: np.ndarray) -> list[Any]:
    """Return pictures as lists; of 2 or 4 channels their mean."""
    if weights.shape[3] not in (1, 3):
        weights = weights.mean(3, keepdims=True)
    pictures = weights[..., 0] if weights.shape[3] == 1 else weights
    found: list[Any] = np.round(pictures.astype("float64"), 5).tolist()
    return found
