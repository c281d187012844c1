"""What cannot be examined because `fit` could not train it either: one sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, leaves, mapped, names
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.loss import outputs_of, predict, tensors

FEW = slice(0, 2)  # rows of another split that are tried


def refuse_unusable(model: Any) -> None:
    """Refuse what is no model, or was not compiled.

    Raises:
        InputError: With what to do.
    """
    if not isinstance(model, keras.Model):
        hint = (
            "; call it first" if callable(model) and not isinstance(model, keras.Layer) else ""
        )
        msg = f"`model` must be a keras.Model. Received: {type(model).__name__}{hint}"
        raise InputError(msg)
    if not model.compiled:
        msg = "The model is not compiled; call model.compile(optimizer, loss) before the check."
        raise InputError(msg)


def _shapes(arrays: Iterable[Any]) -> str:
    return ", ".join(str(("n", *a.shape[1:])) for a in arrays).replace("'", "")


@contextmanager
def refusing(model: Any, batch: Batch, what: str = "this data") -> Iterator[None]:
    """Turn any error of the model on the user's own rows into one sentence.

    Raises:
        InputError: With the shapes received and, where the model knows them, expected.
    """
    try:
        yield
    except Exception as error:  # each backend and layer has its own kinds of error
        arrays, inputs = leaves(batch.x), getattr(model, "inputs", None) or []
        received, wanted = _shapes(arrays), _shapes(inputs)
        expected = f"; its inputs are {wanted}" if inputs and wanted != received else ""
        if any(a.dtype.kind in "US" for a in arrays):
            expected = "; it holds text, which StringLookup or TextVectorization makes numbers"
        msg = f"The model does not take {what} (x of shape {received}{expected}): {said(error)}"
        raise InputError(msg) from error


def refuse_untrainable(model: Any, training: Batch, held_out: dict[str, Batch]) -> None:
    """Refuse what would stop `fit` at its first step, whatever the labels say.

    Metric states move: call it under `preserve`. A model with a `train_step` of its own is
    only asked whether it takes the inputs.

    Args:
        model: A built, compiled model.
        training: Training rows.
        held_out: Rows of other splits by what messages call them: `"validation_data"`.

    Raises:
        InputError: With what to do.
    """
    for name, rows in held_out.items():
        _refuse_other_inputs(model, training, rows, name)
    if has_own_step(model):
        return
    if model.optimizer is None:
        msg = "The model was compiled without an optimizer: use model.compile('adam', loss)."
        raise InputError(msg)
    fixed = [t.shape[0] for t in getattr(model, "inputs", None) or [] if t.shape and t.shape[0]]
    whole = training.take(np.resize(np.arange(len(training)), fixed[0])) if fixed else training
    x, y, weights = (tensors(part) for part in whole.parts())
    with refusing(model, training):
        outputs = outputs_of(model, mapped(np.nan_to_num, whole.x))
    lost = _error_of(model.compute_loss, x, y, outputs)
    if lost is not None:
        _explain_loss(model, training, outputs, said(lost))
    elif weights is not None and _error_of(model.compute_loss, x, y, outputs, weights):
        shapes = _shapes(leaves(training.sample_weight))
        msg = f"`sample_weight` needs one weight a row, shape (n,). Received: {shapes}"
        raise InputError(msg)
    elif model.loss is None and not model.losses and _is_kerass_own(model):
        msg = (
            "The model was compiled without a loss: use model.compile(optimizer, 'mse') or so."
        )
        raise InputError(msg)
    text = said(_error_of(model.compute_metrics, x, y, outputs)) if y is not None else ""
    if "Could not interpret metric" in text:
        msg = f"The model was compiled with a metric Keras does not know. {text}"
        raise InputError(msg)


def _is_kerass_own(model: Any) -> bool:
    return type(model).compute_loss is keras.Model.compute_loss


def _error_of(function: Any, *arguments: Any) -> Exception | None:
    """Return what Keras raises; None if nothing."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001  each backend has its own kinds of error
        return error
    return None


def _explain_loss(model: Any, training: Batch, outputs: Any, text: str) -> None:
    """Say why no loss can be computed, where it is not a matter of the labels (KR203's)."""
    if "No loss to compute" in text:
        msg = (
            "The model was compiled without a loss: use model.compile(optimizer, 'mse') or so."
        )
        raise InputError(msg)
    if training.y is None:
        pair = isinstance(training.x, tuple) and len(training.x) > 1
        hint = "x is a tuple: give x and y apart" if pair else "give `y`"
        msg = f"There are no targets, and the model's loss needs them; {hint}."
        raise InputError(msg)
    if not isinstance(training.y, dict):
        return
    keys, known = list(training.y), list(getattr(model, "output_names", None) or [])
    if not isinstance(outputs, dict | list | tuple):
        msg = (
            f"`y` is a dict with the keys {keys}, but the model has one output; give the array."
        )
        raise InputError(msg)
    if known and not set(keys) & set(known):
        msg = f"`y` has the keys {keys}, but the model's outputs are {known}."
        raise InputError(msg)


def _refuse_other_inputs(model: Any, training: Batch, rows: Batch, name: str) -> None:
    """Refuse a split whose inputs have another form than the training rows', if it matters."""
    shapes, others = ([leaf.shape[1:] for leaf in leaves(b.x)] for b in (training, rows))
    if shapes != others or names(training.x, "x") != names(rows.x, "x"):
        with refusing(model, rows, f"`{name}`"):
            predict(model, mapped(np.nan_to_num, rows.take(FEW).x))
    if rows.y is None and training.y is not None:
        msg = f"`{name}` holds no targets; give it as (x, y)."
        raise InputError(msg)
