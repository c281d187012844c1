"""What a model says of each row: its prediction, its loss, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy.special import expit, softmax

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.statistics import measure
from keras_recipe.looking.labelled import (
    Labelled,
    labelled,
    of_amounts,
    of_classes,
    of_places,
    of_vectors,
)
from keras_recipe.looking.row_losses import row_losses
from keras_recipe.loss import predict
from keras_recipe.refusals import refusing
from keras_recipe.surgery.preserve import preserve
from keras_recipe.task import Head, infer_task

EXCLUSIVE = ("binary", "multiclass")


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions beside their labels.

    Attributes:
        labels: What the labels say; None without targets.
        predictions: What the model says.
        scores: Columns `(rows,)`: see `predicted`.
        wrong: Which rows' predictions are not their label; None where none is wrong or right.
        output: Name of the output.
    """

    labels: Labelled | None
    predictions: Labelled
    scores: dict[str, np.ndarray]
    wrong: np.ndarray | None
    output: str


def _usable(model: Any) -> Any:
    model = getattr(model, "recipe_inner", model)
    if not isinstance(model, keras.Model):
        msg = f"`model` must be a keras.Model. Received: {type(model).__name__}"
        raise InputError(msg)
    if not model.built or not model.weights:
        msg = (
            "The model has no weights yet, so it predicts nothing: call fit first, or build it."
        )
        raise InputError(msg)
    return model


def _chosen(heads: Sequence[Head], output: str | None) -> Head:
    if output is None:
        return heads[0]
    for head in heads:
        if head.name == output:
            return head
    msg = f"There is no output {output!r}; the outputs are {[head.name for head in heads]}."
    raise InputError(msg)


def predicted(
    model: Any,
    batch: Batch,
    *,
    task: Any = None,
    output: str | None = None,
    names: Sequence[str] = (),
    placed: bool = False,
) -> Predicted:
    """Return what the model says of some rows; the model and the generators stay as they are.

    Scores: `loss` (the model's own, row by row). Classes: `prediction`, `correct`,
    `confidence` (probability of the predicted class), `label_confidence` (of the label),
    `margin` (between the two likeliest) and `entropy` (nats), as means where a row has many
    labels, with `accuracy`, the share of them that is right, in place of `prediction`.
    Amounts: `prediction` and `error`, prediction minus label.

    Args:
        model: A built model.
        batch: The rows.
        task: The user's word on the kind of task.
        output: Name of the output that is looked at; the first one when None.
        names: Names of the classes.
        placed: Whether the inputs are pictures.

    Raises:
        InputError: The model has no weights, or does not take these rows.
    """
    model = _usable(model)
    with preserve(model):
        with refusing(model, batch):
            outputs = predict(model, batch.x)
        facts = measure([batch]).y if batch.y is not None else []
        head = _chosen(infer_task(model, facts, outputs, task).heads, output)
        losses = None if batch.y is None else row_losses(model, head, batch, outputs)
    made = np.asarray(leaves(outputs)[head.index])
    made = made.astype("float32") if made.dtype.name == "bfloat16" else made
    y = None if head.target is None or batch.y is None else leaves(batch.y)[head.target]
    found = _read(head, made, y, names, placed=placed)
    if losses is not None:
        found.scores["loss"] = losses
    return found


def _read(
    head: Head, made: np.ndarray, y: Any, names: Sequence[str], *, placed: bool
) -> Predicted:
    if head.kind in EXCLUSIVE or (head.kind == "unknown" and head.activation == "softmax"):
        return _classes(head, made, y, names)
    if head.kind == "multilabel":
        return _flags(head, made, y)
    alone = made.size == len(made)
    says = of_amounts if alone else of_vectors
    labels = None
    if y is not None:
        labels = says(y) if (y.size == len(y)) == alone else labelled(y, names, placed=placed)
    scores: dict[str, np.ndarray] = {}
    if alone:
        scores["prediction"] = made.reshape(-1).astype("float64")
        if labels is not None and labels.amounts is not None:
            scores["error"] = scores["prediction"] - labels.amounts
    return Predicted(labels, says(made), scores, None, head.name)


def probabilities(head: Head, made: np.ndarray) -> np.ndarray:
    """Return the probability of each class, `(..., classes)`, from what the model returns."""
    values = np.asarray(made, "float64")
    known = values[np.isfinite(values).all(-1)]  # a gap must not decide for the other rows
    if head.units > 1:
        ready = bool((known >= 0).all() and np.allclose(known.sum(-1), 1, atol=1e-2))
        if head.loss.from_logits or not ready:
            return np.asarray(softmax(values, axis=-1))
        return values
    one = values if values.ndim > 1 and values.shape[-1] == 1 else values[..., None]
    if head.activation == "tanh":  # hinge losses: labels -1 and 1
        one = (one + 1) / 2
    elif head.loss.from_logits or not _inside(one):
        one = expit(one)
    return np.concatenate([1 - one, one], axis=-1)


def _inside(values: np.ndarray) -> bool:
    """Whether all numbers that are known lie in 0..1."""
    known = values[np.isfinite(values)]
    return bool(((known >= 0) & (known <= 1)).all())


def _scores(p: np.ndarray) -> dict[str, np.ndarray]:
    """Return how sure the predictions are, means over the places of each row."""
    first = np.partition(p, -2, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(p == 0, 0.0, p * np.log(p)).sum(-1)
    found = {"confidence": first[..., -1], "margin": first[..., -1] - first[..., -2]}
    found["entropy"] = entropy
    return {name: v.reshape(len(v), -1).mean(1) for name, v in found.items()}


def _numbered(head: Head, y: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the class number at each place."""
    if not head.sparse and y.ndim > 1 and y.shape[-1] == head.units > 1:
        return np.asarray(y.argmax(-1))
    classes = np.rint(np.nan_to_num(y, nan=-1)).astype("int64")
    return classes.reshape(shape) if classes.size == np.prod(shape) else classes


def _unknown(y: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return at which places there is no label, but NaN in its place."""
    if y.dtype.kind in "biu" or y.size != np.prod(shape):
        return np.zeros(shape, bool)
    return np.isnan(y).reshape(shape)


def _classes(head: Head, made: np.ndarray, y: Any, names: Sequence[str]) -> Predicted:
    p = probabilities(head, made)
    said = p.argmax(-1)
    given = None if y is None else _numbered(head, y, said.shape)
    given = given if given is not None and given.shape == said.shape else None
    lost = np.zeros(said.shape, bool) if given is None else _unknown(y, said.shape)
    # exactly those two: beside 0 and 1 a -1 says that a label is not known
    kinds = [] if given is None or head.units > 1 else np.unique(given[~lost]).tolist()
    signs = kinds == [-1, 1]
    said = 2 * said - 1 if signs else said  # labels -1 and 1
    scores = _scores(p)
    alone = said.ndim == 1
    of = of_classes if alone else of_places
    told = of(said, names)
    if alone:
        scores["prediction"] = said
        pairs = zip(told.texts, scores["confidence"].tolist(), strict=True)
        told = Labelled([f"{text} ({sure:.0%})" for text, sure in pairs], classes=said)
    if given is None:
        return Predicted(None, told, scores, None, head.name)
    counts = ~lost if head.ignored is None else ~lost & (given != head.ignored)
    right, wrong = (given == said) & counts, (given != said) & counts
    if alone:
        scores["correct"] = ~wrong
        classes = (given + 1) // 2 if signs else given
        scores["label_confidence"] = _of_label(p, np.where(lost, -1, classes))
        return Predicted(of(given, names), told, scores, wrong, head.name)
    flat = counts.reshape(len(said), -1)
    scores["accuracy"] = right.reshape(flat.shape).sum(1) / np.maximum(flat.sum(1), 1)
    return Predicted(of(given, names), told, scores, None, head.name)


def _of_label(p: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the probability of each row's class; NaN where the model has no such class."""
    inside = (classes >= 0) & (classes < p.shape[-1])
    known = p[np.arange(len(p)), np.where(inside, classes, 0)]
    return np.where(inside, known, np.nan)


def _flags(head: Head, made: np.ndarray, y: Any) -> Predicted:
    values = np.asarray(made, "float64")
    p = expit(values) if head.loss.from_logits or not _inside(values) else values
    scores = _scores(np.stack([1 - p, p], axis=-1))
    said, labels, wrong = (p > 0.5).astype("int64"), None, None
    if y is not None and y.shape == said.shape:
        labels = of_vectors(y)
        right = (y > 0.5) == (said == 1)
        scores["accuracy"] = right.reshape(len(y), -1).mean(1)
        wrong = ~right.reshape(len(y), -1).all(1)
        scores["correct"] = ~wrong
    return Predicted(labels, of_vectors(said), scores, wrong, head.name)
