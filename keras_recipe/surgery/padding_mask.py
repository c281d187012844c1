"""A mask for the padding, for good."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.compiled import remake
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.normalize import chained_like


def _embeddings(model: Any) -> list[Any]:
    return [one for _, one in walk(model) if isinstance(one, keras.layers.Embedding)]


def takes_masks(model: Any) -> bool:
    """Whether `mask_padding` can be applied."""
    return bool(_embeddings(model)) or isinstance(model, keras.Sequential)


def mask_padding(model: Any, value: float = 0.0) -> Any:
    """Have a model leave padding out, by a mask that Keras's layers hand on.

    Args:
        model: A built, compiled model.
        value: What fills series up; embeddings always mask 0.

    Returns:
        None where embeddings say what is padding from now on; else a Sequential of `Masking`
        and the layers of this one, compiled like it.

    Raises:
        InputError: There is no embedding, and the model is no Sequential: a model inside
            another hands no mask on.
    """
    embeddings = _embeddings(model)
    if not embeddings and isinstance(model, keras.Sequential):
        return chained_like(model, [keras.layers.Masking(value), *model.layers])
    if not embeddings:
        msg = f"Put keras.layers.Masking({value:g}) behind the input where the model is built."
        raise InputError(msg)
    for one in embeddings:
        one.mask_zero = one.supports_masking = True
    remake(model, absent=True)
    return None
