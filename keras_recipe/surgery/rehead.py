"""Another output activation and another loss on a compiled model, all weights kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import keras

from keras_recipe.core.errors import NotApplicable
from keras_recipe.surgery.activations import activation_name
from keras_recipe.surgery.graph import is_graph
from keras_recipe.surgery.heads import OutputHead
from keras_recipe.surgery.optimizer import restarted

_WIDTHS = ("units", "filters")


class Shadow(keras.Model):
    """The same network under another compile: what trains it trains the original."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def call(self, inputs: Any) -> Any:
        """Return what the model says."""
        return self.model(inputs)


def other_loss(model: Any, name: str, loss: Any) -> Any:
    """Return what `compile` takes as the loss, with that of one output replaced.

    Raises:
        NotApplicable: It is not told which of several losses belongs to the output.
    """
    given = model.loss
    if isinstance(given, dict) and name in given:
        return {**given, name: loss}
    if isinstance(given, list | tuple | dict) and len(given) > 1:
        msg = f"which loss belongs to the output {name!r} is not known"
        raise NotApplicable(msg)
    return loss


def settings_of(model: Any) -> dict[str, Any]:
    """Return what else `compile` was given, as far as Keras can read it back."""
    config = model.get_compile_config() or {}
    found: dict[str, Any] = {}
    for name in ("metrics", "weighted_metrics", "loss_weights"):
        with suppress(TypeError, ValueError):  # a metric that is not registered with Keras
            found[name] = keras.saving.deserialize_keras_object(config.get(name))
    for name in ("run_eagerly", "steps_per_execution", "jit_compile"):
        if name in config:
            found[name] = config[name]
    return found


def compile_like(model: Any, original: Any, loss: Any) -> None:
    """Compile `model` as `original` is, with another loss and a fresh optimizer."""
    settings = settings_of(original)
    model.compile(restarted(original.optimizer), loss, **settings)
    model.optimizer.build(model.trainable_variables)


def _owns_activation(model: Any, head: OutputHead) -> bool:
    """Whether the output is what the layer's own activation makes, and nothing after it."""
    own = getattr(head.layer, "activation", None)
    if (
        own is None
        or not head.sure
        or activation_name(own, len(head.shape) + 1) != (head.activation)
    ):
        return False
    if not is_graph(model):
        return True
    operations = model.layers if isinstance(model, keras.Sequential) else model.operations
    return len(model.outputs) == 1 and operations[-1] is head.layer


def _ends(model: Any) -> tuple[Any, Any]:
    """Return the symbolic inputs and outputs of a graph model; a Sequential has one of each."""
    if isinstance(model, keras.Sequential):
        return model.inputs[0], model.outputs[0]
    return model.input, model.output


def _rebuilt(model: Any, index: int, head: OutputHead, units: int, activation: str) -> Any:
    """Return a model with a new head on the same body; old weights are kept where they fit."""
    layer = head.layer
    width = next((name for name in _WIDTHS if hasattr(layer, name)), "")
    if layer is None or not is_graph(model) or not width or not hasattr(layer, "activation"):
        msg = "the output layer cannot be replaced without the code that builds it"
        raise NotApplicable(msg)
    made = type(layer).from_config(
        {**layer.get_config(), width: units, "activation": activation}
    )
    outputs = list(model.outputs)
    try:
        output = made(layer.input)
        if tuple(output.shape)[:-1] != tuple(outputs[index].shape)[:-1]:
            msg = "the output has another shape than its layer"
            raise NotApplicable(msg)
        outputs[index] = output
        inputs, structure = _ends(model)
        packed = keras.tree.pack_sequence_as(structure, outputs)
        body = keras.Model(inputs, packed, name=model.name)
    except (AttributeError, ValueError, KeyError) as error:
        msg = "the output layer is inside another model, or used twice"
        raise NotApplicable(msg) from error
    for old, new in zip(layer.weights, made.weights, strict=True):
        if tuple(old.shape) == tuple(new.shape):
            new.assign(old)
    return body


def rehead(
    model: Any, index: int, head: OutputHead, *, units: int, activation: str, loss: Any
) -> Any:
    """Give an output another activation, size and loss, for good.

    Args:
        model: A built, compiled model.
        index: Place of the output among the flattened ones.
        head: What makes it.
        units: Size of its last axis.
        activation: Name of an activation.
        loss: A Keras loss.

    Returns:
        None where it was made in place; else the rebuilt model, compiled with a fresh
        optimizer like the old one's; it shares all weights but the output's.

    Raises:
        NotApplicable: The output layer cannot be told or replaced.
    """
    spec = other_loss(model, head.name, loss)
    if units == head.shape[-1] and _owns_activation(model, head):
        head.layer.activation = keras.activations.get(activation)
        compile_like(model, model, spec)
        return None
    made = _rebuilt(model, index, head, units, activation)
    compile_like(made, model, spec)
    return made


@contextmanager
def reheaded(
    model: Any, index: int, head: OutputHead, *, units: int, activation: str, loss: Any
) -> Iterator[Any]:
    """Yield a model with the other output and loss that shares the weights of this one.

    The model itself stays compiled as it is; its output activation comes back.

    Raises:
        NotApplicable: As in `rehead`.
    """
    spec = other_loss(model, head.name, loss)
    if not (units == head.shape[-1] and _owns_activation(model, head)):
        made = _rebuilt(model, index, head, units, activation)
        compile_like(made, model, spec)
        yield made
        return
    before = head.layer.activation
    try:
        head.layer.activation = keras.activations.get(activation)
        made = keras.Model(*_ends(model)) if is_graph(model) else Shadow(model)
        compile_like(made, model, spec)
        yield made
    finally:
        head.layer.activation = before
