"""A layer that hands on some features of each row; it has no weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="keras_recipe")
class Selected(keras.layers.Layer):
    """Hands on some places of the last axis, in the given order.

    Args:
        indices: Those places.
        **kwargs: As for any layer.

    Example:
        >>> Selected([0, 2])(keras.ops.ones((4, 3))).shape[-1]
        2
    """

    def __init__(self, indices: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.indices = [int(index) for index in indices]

    def call(self, inputs: Any) -> Any:
        """Return the chosen features."""
        return keras.ops.take(inputs, self.indices, axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Return the shape with as many features as were chosen."""
        return (*input_shape[:-1], len(self.indices))

    def get_config(self) -> dict[str, Any]:
        """Return the places as well."""
        return {**super().get_config(), "indices": self.indices}
