"""From a model's output back along its graph to the layer that makes it: public API only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras

from keras_recipe.surgery.activations import UNKNOWN, activation_name

_L = keras.layers

#: A constant goes through these unchanged, channel by channel.
_TRANSPARENT = (
    *(_L.Dropout, _L.GaussianDropout, _L.GaussianNoise, _L.AlphaDropout, _L.Identity),
    *(_L.SpatialDropout1D, _L.SpatialDropout2D, _L.SpatialDropout3D),
    *(_L.ActivityRegularization, _L.Reshape, _L.Flatten, _L.RepeatVector),
    *(_L.GlobalAveragePooling1D, _L.GlobalAveragePooling2D, _L.GlobalAveragePooling3D),
    *(_L.GlobalMaxPooling1D, _L.GlobalMaxPooling2D, _L.GlobalMaxPooling3D),
    *(_L.AveragePooling1D, _L.AveragePooling2D, _L.AveragePooling3D),
    *(_L.MaxPooling1D, _L.MaxPooling2D, _L.MaxPooling3D),
    *(_L.UpSampling1D, _L.UpSampling2D, _L.UpSampling3D),
    *(_L.Cropping1D, _L.Cropping2D, _L.Cropping3D),
)
#: The same among `keras.ops`; their classes have no public name.
_TRANSPARENT_OPS = ("Reshape", "Squeeze", "ExpandDims", "Cast", "Ravel", "StopGradient")
_ACTIVATIONS = (_L.Activation, _L.ReLU, _L.LeakyReLU, _L.PReLU, _L.ELU, _L.Softmax)
#: Affine: whatever comes out has no final non-linearity.
_AFFINE = (_L.BatchNormalization, _L.LayerNormalization, _L.Rescaling, _L.Normalization)
_KERNELS = (
    *(_L.Dense, _L.EinsumDense, _L.Conv1D, _L.Conv2D, _L.Conv3D),
    *(_L.Conv1DTranspose, _L.Conv2DTranspose, _L.Conv3DTranspose),
    *(_L.DepthwiseConv1D, _L.DepthwiseConv2D, _L.SeparableConv1D, _L.SeparableConv2D),
)


@dataclass(slots=True)
class Tail:
    """What stands between an output and the layer that makes it, last operation first."""

    layer: Any = None
    names: list[str] = field(default_factory=list)
    functions: list[Callable[[Any], Any]] = field(default_factory=list)
    why: str = ""


def is_graph(model: Any) -> bool:
    """Say whether a model has a graph that can be walked."""
    if isinstance(model, keras.Sequential):
        return True
    return isinstance(model, keras.Model) and hasattr(model, "operations")


def _rank(op: Any) -> int:
    try:
        return len(keras.tree.flatten(op.output)[0].shape)
    except (AttributeError, ValueError):
        return 2


def _producer(model: Any, tensor: Any) -> tuple[Any, int, bool]:
    """Return the operation that made `tensor`, which of its outputs it is, and if proved."""
    for op in model.operations:
        try:
            outputs = keras.tree.flatten(op.output)
        except (AttributeError, ValueError):
            continue
        for index, candidate in enumerate(outputs):
            if candidate is tensor:
                return op, index, True
    return None, 0, False


def _named_producer(model: Any, index: int) -> Any:
    """Return the operation behind output `index` by name: for a layer called twice."""
    names = list(getattr(model, "output_names", None) or [])
    found = [op for op in model.operations if names[index : index + 1] == [op.name]]
    return found[0] if len(found) == 1 else None


def upstream(model: Any, index: int) -> Iterator[Any]:
    """Yield the operations from output `index` of a graph model back, nested ones opened.

    Ends at the model's input. Yields None, and ends, where the way back is not a line.
    """
    if isinstance(model, keras.Sequential):
        for layer in reversed(model.layers):
            yield from _opened(layer, 0)
        return
    tensor = model.outputs[index]
    op, inner, proved = _producer(model, tensor)
    if op is None:
        op = _named_producer(model, index)
    while op is not None and not isinstance(op, _L.InputLayer):
        yield from _opened(op, inner)
        inputs = keras.tree.flatten(op.input) if proved else []
        if len(inputs) != 1:
            yield None
            return
        op, inner, proved = _producer(model, inputs[0])
    if op is None:
        yield None


def _opened(op: Any, index: int) -> Iterator[Any]:
    if isinstance(op, _L.TimeDistributed):
        yield from _opened(op.layer, 0)
    elif is_graph(op):
        yield from upstream(op, index)
    else:
        yield op


def has_kernel(op: Any) -> bool:
    """Say whether `op` is a layer that multiplies its input by a kernel."""
    return isinstance(op, _KERNELS) or (
        isinstance(op, keras.Layer) and getattr(op, "kernel", None) is not None
    )


def is_keras_own(layer: Any) -> bool:
    """Say whether a layer's class is one of Keras's, so that what it computes is known."""
    return isinstance(layer, _KERNELS) and type(layer).__module__.startswith("keras.")


def _step(tail: Tail, op: Any) -> bool:
    """Take one operation into `tail`; return False when the way back ends there."""
    if op is None:
        tail.why = "several tensors, or a layer used twice, meet before the output"
        return False
    if isinstance(op, _TRANSPARENT) or type(op).__name__ in _TRANSPARENT_OPS:
        return True
    if has_kernel(op):
        tail.layer = op
        return False
    if isinstance(op, _AFFINE) and not tail.names:
        tail.names.append("linear")
    stateless = isinstance(op, _ACTIVATIONS) or not getattr(op, "weights", [])
    fn = op.activation if isinstance(op, _L.Activation) else op
    name = activation_name(fn, _rank(op)) if stateless else UNKNOWN
    if name == UNKNOWN and not isinstance(op, _ACTIVATIONS):
        tail.why = f"`{op.name}` ({type(op).__name__}) stands between the kernel and the output"
        return False
    if name != "linear":
        tail.names.append(name)
        tail.functions.append(fn)
    return True


def tail_of(model: Any, index: int) -> Tail:
    """Return what makes output `index` of a graph model."""
    tail = Tail()
    for op in upstream(model, index):
        if not _step(tail, op):
            return tail
    tail.why = "no layer with a kernel leads to the output"
    return tail
