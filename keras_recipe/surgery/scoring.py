"""A model's own loss, output by output, as a function of one constant prediction."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.backend import current
from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.loss import is_keras_own
from keras_recipe.surgery.heads import OutputHead
from keras_recipe.surgery.targets import Targets, make_targets


class _Borrower(keras.Model):
    """Holds a loss exactly as `compile` would, and nothing of the user's model."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """One output, its labels and its loss.

    Attributes:
        index: Place among the flattened outputs.
        size: How many values make a constant: the bias's numbers, else the units.
        known: False if what follows the values is not known; then they are the output.
        weight: The output's loss weight.
    """

    name: str
    index: int
    targets: Targets
    size: int
    weight: float
    known: bool
    transform: Callable[[Any], Any]
    compute: Callable[..., Any]

    def prediction(self, values: np.ndarray) -> np.ndarray:
        """Return one row of the output, shape `(..., units)`."""
        return np.asarray(keras.ops.convert_to_numpy(self._output(values)))[0]

    def _output(self, values: np.ndarray) -> Any:
        full = len(values) == math.prod(self.targets.positions) * self.targets.units
        inner = self.targets.positions if full else (1,) * len(self.targets.positions)
        row = np.resize(values, (1, *inner, self.targets.units))
        return self.transform(keras.ops.convert_to_tensor(row, dtype=keras.config.floatx()))

    def loss_of(self, targets: Targets) -> Callable[[np.ndarray], float]:
        """Return the function from values before the activation to the loss on `targets`."""
        y = keras.ops.convert_to_tensor(targets.y)
        weight = targets.weight
        if weight is not None:
            weight = keras.ops.convert_to_tensor(weight.astype(keras.config.floatx()))
        shape = (len(targets), *targets.positions, targets.units)

        def loss(values: np.ndarray) -> float:
            outputs = keras.ops.broadcast_to(self._output(values), shape)
            value = self.compute(y=y, y_pred=outputs, sample_weight=weight)
            return float(np.mean(keras.ops.convert_to_numpy(value)))

        return loss


def scorers(
    model: Any,
    heads: Sequence[OutputHead],
    y: Any,
    sample_weight: Any,
    class_weight: Mapping[int, float] | None,
) -> list[Scorer]:
    """Return a scorer for each output that has a loss.

    Raises:
        InputError: Not compiled with a loss, or the labels do not fit the outputs.
    """
    own = _computes_itself(model)
    if not getattr(model, "compiled", False) or (model.loss is None and not own):
        msg = "The model has no loss yet: call `model.compile(optimizer, loss)` first."
        raise InputError(msg)
    if class_weight is not None and len(heads) > 1:
        msg = "`class_weight` needs a model with one output, as in `fit`; use `sample_weight`."
        raise InputError(msg)
    names = [head.name for head in heads]
    losses = _split(model.loss, names, whole=len(names) == 1)
    labels = _split(y, names, what="y", whole=_is_array(y))
    weights = _split(sample_weight, names, what="sample_weight", whole=_is_array(sample_weight))
    scales = _split(_loss_weights(model), names)
    found = []
    for index, head in enumerate(heads):
        if losses[index] is None and not own:
            continue
        targets = make_targets(
            head.name,
            labels[index],
            head.shape,
            sample_weight=weights[index],
            class_weight=class_weight,
            ignored=getattr(losses[index], "ignore_class", None),
        )
        scale = scales[index]
        found.append(
            Scorer(
                name=head.name,
                index=index,
                targets=targets,
                size=_size(head, targets),
                weight=1.0 if scale is None else float(scale),
                known=head.transform is not None,
                transform=head.transform or keras.activations.linear,
                compute=_compute(model, losses[index], alone=len(heads) == 1),
            )
        )
    if not found:
        msg = f"No output has a loss: the outputs are {names}. Received: loss={model.loss!r}."
        raise InputError(msg)
    return found


def _is_array(value: Any) -> bool:
    """Say whether a structure is one array (a list of numbers too) and not one an output."""
    if isinstance(value, dict):
        return False
    return not isinstance(value, list | tuple) or not any(np.ndim(item) for item in value[:1])


def _split(value: Any, names: list[str], *, what: str = "", whole: bool = False) -> list[Any]:
    """Return what belongs to each output; `what` names it when it must be complete."""
    single = len(names) == 1
    if isinstance(value, dict):
        if single and len(value) == 1:
            return list(value.values())
        if what and not set(names) <= set(value):
            msg = f"`{what}` needs a key for each output, {names}. Received: {list(value)}."
            raise InputError(msg)
        return [value.get(name) for name in names]
    if value is None or (whole and (single or what == "sample_weight")):
        return [value] * len(names)
    if isinstance(value, list | tuple) and len(value) == len(names):
        return list(value)
    if single or not what:
        return [value] * len(names)
    msg = f"`{what}` needs one array for each of the outputs {names}."
    raise InputError(msg)


def _loss_weights(model: Any) -> Any:
    with suppress(Exception), warnings.catch_warnings():
        # a custom loss that cannot be serialized hides the weights too; a lambda only warns
        warnings.simplefilter("ignore")
        return (model.get_compile_config() or {}).get("loss_weights")
    return None


def _computes_itself(model: Any) -> bool:
    """Say whether the model has a `compute_loss` of its own."""
    return getattr(model.compute_loss, "__func__", None) is not keras.Model.compute_loss


def _compute(model: Any, loss: Any, *, alone: bool) -> Callable[..., Any]:
    """Return `compute_loss` of the model if it is its own, else of a borrower of its loss."""
    if not _computes_itself(model):
        borrower = _Borrower(name="borrower")
        borrower.compile(optimizer=None, loss=loss, run_eagerly=True)
        return _in_one(borrower)
    if not alone:
        msg = "The model computes the loss of several outputs itself: it cannot be split."
        raise InputError(msg)

    def compute(**arguments: Any) -> Any:
        states = [v for metric in model.metrics for v in metric.variables]
        before = [(v, keras.ops.convert_to_numpy(v).copy()) for v in states]
        try:
            return model.compute_loss(x=None, **arguments)
        except Exception as error:  # the user's code, with errors of its own
            msg = f"The model's own compute_loss needs more than labels: {said(error)}"
            raise InputError(msg) from error
        finally:
            for variable, value in before:
                variable.assign(value)

    return compute


def _in_one(borrower: Any) -> Callable[..., Any]:
    """Return `compute_loss` as one program, where that is quicker and comes to the same."""
    program = current().compiled_loss(borrower) if is_keras_own(borrower) else None
    if program is None:
        return borrower.compute_loss

    def compute(*, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        with suppress(Exception):  # raised again below, as Keras says it
            return program(y, y_pred, sample_weight)[0]
        return borrower.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)

    return compute


def _size(head: OutputHead, targets: Targets) -> int:
    """Return how many numbers make a constant of this output."""
    if head.bias is None:
        return targets.units
    shape = tuple(int(axis) for axis in head.bias.shape)
    output = (*targets.positions, targets.units)
    size, every = math.prod(shape), math.prod(output)
    repeats = targets.units % size == 0 and not targets.sparse and not targets.positions
    trailing = len(shape) == 1 or output[-len(shape) :] == shape
    if trailing and (size in (targets.units, every) or repeats):
        return size
    return targets.units
