"""A few rows as NumPy arrays, in the structure the model takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np


def leaves(structure: Any) -> list[Any]:
    """Return the arrays of a structure in Keras's order, without the missing ones."""
    return [leaf for leaf in keras.tree.flatten(structure) if leaf is not None]


def mapped(function: Any, structure: Any) -> Any:
    """Apply `function` to every array of a structure; None stays None."""
    return keras.tree.map_structure(
        lambda leaf: None if leaf is None else function(leaf), structure
    )


def names(structure: Any, root: str) -> list[str]:
    """Return how messages call each array of a structure: `"x"`, `"x['image']"`, `"y[1]"`."""
    if structure is None:
        return []
    nested = isinstance(structure, dict | list | tuple)
    paths = keras.tree.flatten_with_path(structure) if nested else [((), structure)]
    return [
        root + "".join(f"[{key!r}]" for key in path) for path, leaf in paths if leaf is not None
    ]


@dataclass(frozen=True)
class Batch:
    """Rows of data.

    Attributes:
        x: Inputs: an array `(rows, ...)` or a list, tuple or dict of arrays.
        y: Targets likewise; None when there are none.
        sample_weight: Weights `(rows,)` or a structure of them, class weights included.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(leaves(self.x)[0])

    def take(self, indices: Any) -> Batch:
        """Return the rows at `indices` (a slice or an integer array), in that order."""
        return Batch(*(mapped(lambda a: a[indices], part) for part in self.parts()))

    def with_x(self, x: Any) -> Batch:
        """Return the same targets and weights under other inputs."""
        return Batch(x, self.y, self.sample_weight)

    def parts(self) -> tuple[Any, Any, Any]:
        """Return `(x, y, sample_weight)`."""
        return self.x, self.y, self.sample_weight

    @classmethod
    def joined(cls, batches: Sequence[Batch]) -> Batch:
        """Return the rows of `batches` one after the other."""
        if len(batches) == 1:
            return batches[0]
        joined: list[Any] = []
        for group in zip(*(b.parts() for b in batches), strict=True):
            if group[0] is None:
                joined.append(None)
            else:
                joined.append(
                    keras.tree.map_structure(
                        lambda *a: None if a[0] is None else np.concatenate(a), *group
                    )
                )
        return cls(*joined)
