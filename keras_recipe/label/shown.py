"""One example as a person can judge it: a picture, a table of numbers, or text."""

from __future__ import annotations

import html
import io
from typing import Any

import numpy as np

from keras_recipe.data.batch import leaves, names

MOST = 400  # numbers or tokens of one input that are shown
SIDE = 320  # pixels that the shorter side of a picture is at least drawn with


def is_picture(array: np.ndarray) -> bool:
    """Whether one row of an input is a picture: grey, colour, or with transparency."""
    return array.ndim == 3 and array.shape[-1] in (1, 3, 4) and min(array.shape[:2]) > 1


def png(array: np.ndarray) -> bytes:
    """Return one picture as PNG, its own values spread over black to white.

    Args:
        array: `(height, width, channels)`, of any range.
    """
    from PIL import Image  # comes with matplotlib

    values = np.nan_to_num(np.asarray(array, "float64"))
    low, high = values.min(), values.max()
    low, high = (0.0, max(high, 1.0 if high <= 1 else 255.0)) if low >= 0 else (low, high)
    grey = np.clip((values - low) / ((high - low) or 1.0) * 255, 0, 255).astype("uint8")
    image = Image.fromarray(grey[..., 0] if grey.shape[-1] == 1 else grey)
    factor = max(1, -(-SIDE // min(image.size)))
    size = (image.width * factor, image.height * factor)
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(x: Any) -> list[np.ndarray]:
    """Return the inputs of one example that are pictures."""
    return [np.asarray(leaf[0]) for leaf in leaves(x) if is_picture(np.asarray(leaf[0]))]


def text(x: Any) -> str:
    """Return the inputs of one example that are no pictures, as HTML, everything escaped.

    Args:
        x: Inputs with one row, arrays `(1, ...)`.
    """
    parts = []
    for name, leaf in zip(names(x, "x"), leaves(x), strict=True):
        array = np.asarray(leaf[0])
        if is_picture(array):
            continue
        flat = array.ravel()[:MOST]
        more = " …" if array.size > MOST else ""
        if array.ndim == 1 and array.dtype.kind == "f":
            cells = "".join(
                f"<tr><th>{i}</th><td>{v:.4g}</td></tr>" for i, v in enumerate(flat)
            )
            parts.append(f"<h2>{html.escape(name)}</h2><table>{cells}</table>{more}")
        else:
            said = " ".join(f"{v:.4g}" if array.dtype.kind == "f" else str(v) for v in flat)
            said = html.escape(said) + more
            parts.append(f"<h2>{html.escape(name)}</h2><p class=tokens>{said}</p>")
    return "".join(parts)
