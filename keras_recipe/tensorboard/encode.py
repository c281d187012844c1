"""What the plugins of TensorBoard store: buckets of a histogram, pixels of a picture."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LIMIT = float(np.finfo("float32").max)
BUCKETS = 30  # TensorBoard's own default, tensorboard.plugins.histogram.summary_v2


def buckets(values: Any, count: int = BUCKETS) -> np.ndarray:
    """Return the histogram of `values` as TensorBoard stores it.

    Args:
        values: Numbers of any shape. NaN and infinities are left out; what float32 cannot
            hold is counted at its limit.
        count: Number of buckets.

    Returns:
        `(count, 3)`: left edge, right edge, number of values. All zero without a finite
        value; equal values are all in the last bucket.
    """
    numbers = np.array(values, dtype="float64").ravel()
    if not numbers.size or not np.abs(numbers).max() <= LIMIT:
        numbers = np.clip(numbers[np.isfinite(numbers)], -LIMIT, LIMIT)
    if not numbers.size:
        return np.zeros((count, 3))
    low, high = numbers.min(), numbers.max()
    if low == high:
        found = np.append(np.zeros(count - 1), numbers.size)
    else:
        numbers -= low  # in place: this is most of what a callback's epoch costs
        numbers /= high - low
        numbers *= count
        found = np.bincount(numbers.astype("int64"), minlength=count)
        found[count - 1] += found[count:].sum()  # the largest value
        found = found[:count]
    edges = np.linspace(low, high, count + 1)
    return np.stack([edges[:-1], edges[1:], found], axis=1)


def png(image: Any) -> bytes:
    """Return a picture as PNG bytes.

    Args:
        image: PNG bytes, a matplotlib figure (left open), or an array `(height, width)` or
            `(height, width, 1 | 3 | 4)` of uint8 in 0..255 or floats in 0..1; floats outside
            are clipped, NaN is black.

    Raises:
        InputError: It is none of these.
    """
    if isinstance(image, bytes):
        if not image.startswith(PNG_SIGNATURE) or len(image) < 24:
            msg = f"The bytes of an image must be a PNG file. Received: {image[:8]!r}"
            raise InputError(msg)
        return image
    target = io.BytesIO()
    if hasattr(image, "savefig"):
        image.savefig(target, format="png")
        return target.getvalue()
    from matplotlib.image import imsave

    imsave(target, _pixels(image), format="png")
    return target.getvalue()


def size(picture: bytes) -> tuple[int, int]:
    """Return the width and height, in pixels, that PNG bytes declare."""
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def _pixels(image: Any) -> np.ndarray:
    """Return an array as `(height, width, 3 | 4)`, uint8."""
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    shaped = pixels.ndim == 3 and pixels.shape[-1] in (1, 3, 4) and pixels.size
    floats = np.issubdtype(pixels.dtype, np.floating) or pixels.dtype == bool
    if not shaped or not (floats or pixels.dtype == np.uint8):
        msg = (
            "An image must be PNG bytes, a matplotlib figure, or an array (height, width) or "
            "(height, width, 1 | 3 | 4) of uint8 or floats in 0..1. "
            f"Received: {type(image).__name__} of shape {pixels.shape}, dtype {pixels.dtype}"
        )
        raise InputError(msg)
    if floats:
        pixels = np.rint(np.clip(np.nan_to_num(pixels.astype("float64")), 0, 1) * 255)
    return np.repeat(pixels, 3 if pixels.shape[-1] == 1 else 1, axis=-1).astype("uint8")
