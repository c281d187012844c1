"""Output biases set so that an untrained model predicts the best constant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.constants import best_constant
from keras_recipe.surgery.heads import OutputHead, find_heads


def initialize_output_bias(
    model: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
) -> Any:
    """Set the output biases so that the model starts from the best constant prediction.

    With a kernel near zero, the first loss is then that of the class priors (the mean, the
    median, ...: whatever the model's own loss is lowest for), and no steps are spent on
    learning it. Only the biases change.

    Args:
        model: A built, compiled `keras.Model`.
        y: Training labels as for `fit`: class numbers, one-hot or soft rows, values, counts;
            shape `(n,)`, `(n, 1)` or the output's; a list or dict for several outputs.
        sample_weight: As for `fit`.
        class_weight: As for `fit`; not together with `sample_weight`.

    Returns:
        The model itself.

    Raises:
        InputError: The model is not built or compiled, an output has no bias that can be set
            (`use_bias=False`, frozen, not found), or the labels do not fit. Nothing was
            changed then.

    Source:
        Karpathy 2019, stage 2, "init well".
    """
    if not model.built:
        msg = "The model is not built: call it on a batch or start it with `keras.Input`."
        raise InputError(msg)
    heads = find_heads(model)
    best = best_constant(
        model, y, sample_weight=sample_weight, class_weight=class_weight, heads=heads
    )
    chosen = [(heads[constant.index], constant.values) for constant in best.outputs]
    values = [(head.bias, _values(head, value)) for head, value in chosen]
    _refuse_shared([head for head, _ in chosen])
    for bias, value in values:
        bias.assign(value)
    return model


def _values(head: OutputHead, values: np.ndarray) -> np.ndarray:
    """Return the new bias of one output, or raise with the reason it cannot be set."""
    reason = ""
    if head.layer is None or not head.sure:
        reason = head.why
    elif head.bias is None:
        reason = f"its layer `{head.layer.name}` has use_bias=False"
    elif not (head.layer.trainable and head.bias.trainable):
        reason = f"its layer `{head.layer.name}` is frozen (trainable=False)"
    elif math.prod(head.bias.shape) != len(values):
        reason = f"a bias of shape {tuple(head.bias.shape)} does not line up with the output"
    if reason:
        msg = f"The bias of output `{head.name}` cannot be set: {reason.rstrip('.')}."
        raise InputError(msg)
    return values.reshape(tuple(head.bias.shape)).astype("float32")


def _refuse_shared(heads: Sequence[OutputHead]) -> None:
    if len({id(head.bias) for head in heads}) < len(heads):
        names = ", ".join(f"`{head.name}`" for head in heads)
        msg = f"Outputs {names} share one bias, which cannot suit all; give each its own layer."
        raise InputError(msg)
