"""What `keras.callbacks.TensorBoard` calls things, so that old dashboards still fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np


def place(name: str) -> tuple[str, str]:
    """Return the run and the tag of a log, as Keras chooses them."""
    run = "validation" if name.startswith("val_") else "train"
    return run, f"epoch_{name.removeprefix('val_')}"


def numbers(logs: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the logs that are one number; a metric may also report an array or a text."""
    for name, value in logs.items():
        if value is None or isinstance(value, str):
            continue
        number = np.asarray(keras.ops.convert_to_numpy(value))
        if number.size == 1 and number.dtype.kind != "O":
            yield name, float(number.reshape(()))


def named(weights: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield every weight with its path; equal paths are told apart by a number."""
    seen: dict[str, int] = {}
    for weight in weights:
        path = weight.path.replace(":", "_")
        seen[path] = seen.get(path, -1) + 1
        yield (f"{path}_{seen[path]}" if seen[path] else path), weight
