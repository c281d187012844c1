"""The model's own loss: what it is called, and what it says of any prediction."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras

from keras_recipe.backend import current
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.remembered import is_remembering, remembered
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, mapped

_NAMES = {"KLDivergence": "kl_divergence", "LogCosh": "log_cosh"}
_ALIASES = {"logcosh": "log_cosh", "kld": "kl_divergence", "cosine": "cosine_similarity"}


class LossUndefined(NotApplicable):
    """The model's loss cannot be computed on these labels and outputs."""


@dataclass(frozen=True)
class LossFacts:
    """How one output is scored.

    Attributes:
        name: Function name such as `"mean_squared_error"`; `""` when there is none.
        from_logits: Whether the loss applies the last non-linearity itself.
        builtin: Whether Keras ships it, so that its contract is known.
        reduction: Keras's reduction, `""` when not known.
        label_smoothing: Share of each target that one of Keras's losses takes from the label.
    """

    name: str
    from_logits: bool = False
    builtin: bool = False
    reduction: str = ""
    label_smoothing: float = 0.0


def _snake(name: str) -> str:
    return _NAMES.get(name) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def loss_facts(spec: Any) -> LossFacts:
    """Return the facts of one loss as given to `compile`.

    Args:
        spec: A name, `keras.losses.Loss`, function or None.
    """
    if spec is None:
        return LossFacts("")
    found = keras.losses.get(spec) if isinstance(spec, str) else spec
    if isinstance(found, keras.losses.Loss):
        kind = type(found)
        builtin = getattr(keras.losses, kind.__name__, None) is kind
        config = found.get_config() if builtin else {}
        from_logits = config.get("from_logits", getattr(found, "from_logits", False))
        return LossFacts(
            _snake(kind.__name__),
            bool(from_logits),
            builtin,
            str(found.reduction or ""),
            float(config.get("label_smoothing") or 0.0),
        )
    name = getattr(found, "__name__", type(found).__name__)
    builtin = getattr(keras.losses, name, None) is found
    return LossFacts(_ALIASES.get(name, name), builtin=builtin, reduction="sum_over_batch_size")


def compiled_losses(model: Any) -> list[LossFacts]:
    """Return the facts of each output's loss, in flattened output order."""
    spec = getattr(model, "loss", None)
    names = list(getattr(model, "output_names", None) or [])
    count = len(names) or 1
    if isinstance(spec, dict):
        keys = names if set(spec) <= set(names) else list(spec)
        return [loss_facts(spec.get(key)) for key in keys]
    if isinstance(spec, list | tuple):
        return [loss_facts(one) for one in spec]
    return [loss_facts(spec)] * count


def tensors(structure: Any) -> Any:
    """Return a structure of NumPy arrays as backend tensors."""
    return mapped(keras.ops.convert_to_tensor, structure)


def is_keras_own(model: Any) -> bool:
    """Say whether the loss is Keras's own code alone, which can be traced once."""
    return type(model).compute_loss is keras.Model.compute_loss and all(
        facts.builtin for facts in compiled_losses(model)
    )


def _program(model: Any) -> Callable[[Any, Any, Any], tuple[Any, Any]] | None:
    """Return the compiled loss, where it is one program and stays the same meanwhile."""
    loss = getattr(model, "_compile_loss", None)  # `compile` makes another one
    known = is_remembering() and loss is not None and loss.built and is_keras_own(model)
    if not known:
        return None
    found = remembered([model, loss, "loss"], lambda: [current().compiled_loss(model)])
    return found[0]


def data_loss(model: Any, batch: Batch, outputs: Any) -> float:
    """Return the model's own loss of `outputs` for the targets of `batch`, penalties left out.

    Sample weights count as in `fit`. Metric states may move: call it under `preserve`.

    Args:
        model: A compiled model.
        batch: Rows with targets.
        outputs: Predictions in the structure the model returns, arrays `(rows, ...)`.

    Raises:
        LossUndefined: The loss refuses these shapes or values; the message is Keras's own.
    """
    program = _program(model)
    if program is not None:
        with suppress(Exception):  # said below
            found = program(batch.y, outputs, batch.sample_weight)
            return float(found[0]) - float(found[1])
    x, y, sample_weight = (tensors(part) for part in batch.parts())
    try:
        penalty = _added(model, x)
        loss = model.compute_loss(
            x=x, y=y, y_pred=tensors(outputs), sample_weight=sample_weight
        )
        total = float(keras.ops.convert_to_numpy(loss))
    except Exception as error:  # each backend has its own kinds of error
        msg = f"the loss cannot be computed: {said(error)}"
        raise LossUndefined(msg) from error
    return total - penalty


def _added(model: Any, x: Any) -> float:
    """Return what penalties and layers add to the loss.

    What a layer added in a compiled call can be a tensor of a graph that is gone: on TensorFlow
    after each `fit` and `predict`. Then the model is called on the rows `x` once more.
    """

    def total() -> float:
        return sum(float(keras.ops.convert_to_numpy(extra)) for extra in model.losses)

    with suppress(Exception):  # each backend has its own kinds of error
        return total()
    model(x, training=False)
    return total()


def predict(model: Any, x: Any, batch_size: int = 128) -> Any:
    """Return the model's outputs in inference mode as NumPy arrays, for rows of any number.

    Args:
        model: A built model.
        x: Inputs, arrays `(rows, ...)`.
        batch_size: Rows a call; the last call is filled up, so that one shape is traced.
    """
    batch = Batch(x)
    rows, parts = len(batch), []
    fixed = [t.shape[0] for t in getattr(model, "inputs", None) or [] if t.shape]
    size = fixed[0] if fixed and fixed[0] else min(batch_size, rows)
    for start in range(0, rows, size):
        indices = [min(i, rows - 1) for i in range(start, start + size)]
        outputs = model.predict_on_batch(batch.take(indices).x)
        keep = min(size, rows - start)
        parts.append(Batch(outputs).take(slice(0, keep)))
    return Batch.joined(parts).x


def outputs_of(model: Any, x: Any) -> Any:
    """Return the model's outputs in inference mode as tensors, for a batch of its size.

    Compiled where nothing but the outputs matters; called eagerly where the loss, or a part of
    it, is what a layer adds in its own call.
    """
    if is_keras_own(model) and not model.losses:
        return tensors(predict(model, x))
    return model(tensors(x), training=False)
