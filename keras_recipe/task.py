"""What is being learned: the kind of task of each output, and why we think so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.data.labels import Labels
from keras_recipe.loss import LossFacts
from keras_recipe.outputs import Output, outputs_of
from keras_recipe.surgery.heads import OutputHead, find_heads

KINDS = ("binary", "multiclass", "multilabel", "regression", "counts", "unknown")
EXCLUSIVE = {"categorical_crossentropy", "sparse_categorical_crossentropy"}
EXCLUSIVE |= {"categorical_focal_crossentropy", "categorical_hinge"}
INDEPENDENT = {"binary_crossentropy", "binary_focal_crossentropy"}
HINGE = {"hinge", "squared_hinge"}
MOST_CLASSES = 50  # distinct whole numbers that may be class numbers when only labels speak
_ACCURACY = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou")


@dataclass(frozen=True, kw_only=True)
class Head:
    """One output, its loss and its labels.

    Attributes:
        name: Output name.
        index: Place among the flattened outputs.
        kind: One of `KINDS`: what the labels and the loss together say is wanted.
        reason: Why, one sentence.
        activation: Last non-linearity, `"linear"` … or `"unknown"`.
        sure: Whether the activation was read from the graph rather than guessed.
        loss: Its loss.
        shape: Output shape without the batch; None where it is not fixed.
        units: Size of the last axis.
        structure: `"sample"`, `"token"` (rank 3) or `"pixel"` (rank 4 and more).
        sparse: Whether labels are class numbers rather than vectors over the classes.
        labels: Facts of the targets; None without targets.
        output: Where the output comes from, for surgery.
        target: Place of its target among the flattened targets; None without one.
        ignored: Class number whose rows the loss leaves out; None if none.
        metrics: Names of its metrics, lower case.
    """

    name: str
    index: int
    kind: str
    reason: str
    activation: str
    sure: bool
    loss: LossFacts
    shape: tuple[int | None, ...]
    units: int
    structure: str
    sparse: bool
    labels: Labels | None
    output: OutputHead
    target: int | None = None
    ignored: int | None = None
    metrics: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """Number of classes: the units, or 2 for a single unit."""
        return max(self.units, 2)

    @property
    def one_class(self) -> bool:
        """Whether each row has one exclusive class."""
        return self.kind in ("binary", "multiclass") and self.structure == "sample"


@dataclass(frozen=True)
class Task:
    """What the whole model learns."""

    heads: Sequence[Head]

    @property
    def kind(self) -> str:
        """The only head's kind, or `"several heads"`."""
        return self.heads[0].kind if len(self.heads) == 1 else "several heads"

    @property
    def reason(self) -> str:
        """One sentence a head."""
        if len(self.heads) == 1:
            return self.heads[0].reason
        return " ".join(f"{h.name}: {h.kind}, {h.reason}" for h in self.heads)


def _values_text(labels: Labels) -> str:
    values = sorted(labels.values or ())
    if not values:
        return "many different values"
    if len(values) > 6:
        return f"{len(values)} values from {values[0]:g} to {values[-1]:g}"
    return "the values " + ", ".join(f"{v:g}" for v in values)


def _is_squared(loss: LossFacts) -> bool:
    return loss.name.startswith(("mean_", "huber", "log_cosh"))


def _kind_of_vectors(labels: Labels, loss: LossFacts) -> tuple[str, str]:
    zero_one = labels.values is not None and set(labels.values) <= {0.0, 1.0}
    squared = _is_squared(loss)
    if labels.is_one_hot or (labels.is_distribution and not squared):
        form = "one-hot" if labels.is_one_hot else "distributions"
        return "multiclass", f"the labels are {form} over {labels.units} classes"
    if loss.name == "poisson":
        return "counts", "the loss is Poisson's"
    if zero_one and not squared:
        ones = (labels.values or {}).get(1.0, 0)
        if loss.name in EXCLUSIVE and 0 < ones == labels.one_hot_rows:
            return "multiclass", "the labels are one-hot, or all zeros where there is none"
        return "multilabel", "each label vector holds any number of ones among zeros"
    if loss.name in EXCLUSIVE:
        return "multiclass", f"the loss is {loss.name}"
    if loss.name in HINGE:
        return "multilabel", f"the loss is {loss.name}, for each of {labels.units} labels"
    return "regression", f"the targets are vectors with {_values_text(labels)}"


def _kind_of_scalars(
    labels: Labels, loss: LossFacts, units: int, activation: str, metrics: Sequence[str]
) -> tuple[str, str]:
    values = set(labels.values or ())
    two = 0 < len(values) <= 2 and labels.integers
    few = labels.integers and 0 < len(values) <= MOST_CLASSES
    accurate = any(name in metric for metric in metrics for name in _ACCURACY)
    said = f"the labels hold {_values_text(labels)}"
    if loss.name in EXCLUSIVE:
        if units > 1:
            return "multiclass", f"the loss is {loss.name} over {units} units"
        return ("binary" if two else "multiclass"), f"the loss is {loss.name} and {said}"
    if loss.name in HINGE:
        return "binary", f"the loss is {loss.name}"
    if loss.name in INDEPENDENT:
        if two:
            return "binary", f"the loss is {loss.name} and {said}"
        return ("multiclass" if few else "regression"), f"{said} under {loss.name}"
    if loss.name == "poisson":
        return "counts", "the loss is Poisson's"
    signs = values <= {0.0, 1.0} or values == {-1.0, 1.0}
    if two and (accurate or signs or activation == "sigmoid") and units == 1:
        return "binary", said
    fits = labels.integers and bool(values) and min(values) >= 0 and max(values) < units
    if (few and (accurate or (units > 1 and units == len(values)))) or (
        activation == "softmax" and (few or fits)
    ):
        return "multiclass", f"{said} and the output has {units} units"
    if units > 1 and not loss.builtin:
        return "unknown", f"{said}, the output has {units} units and the loss is your own"
    return "regression", said


def _head(
    index: int,
    made: Output,
    output: OutputHead,
    labels: Labels | None,
    shape: tuple[int | None, ...],
    override: str | None,
) -> Head:
    units = shape[-1] if shape and shape[-1] else 1
    rank = len(shape) + 1
    sparse = labels is not None and (
        len(labels.shape) < len(shape) or (labels.units == 1 and units > 1)
    )
    if labels is None:
        kind, reason = "unknown", "there are no targets"
    elif sparse or labels.units == 1:
        kind, reason = _kind_of_scalars(
            labels, made.loss, units, output.activation, made.metrics
        )
    else:
        kind, reason = _kind_of_vectors(labels, made.loss)
    if override:
        kind, reason = override, "you said so (task=)"
    return Head(
        name=made.name,
        index=index,
        kind=kind,
        reason=reason,
        activation=output.activation,
        sure=output.sure,
        loss=made.loss,
        shape=shape,
        units=units,
        structure="sample" if rank <= 2 else "token" if rank == 3 else "pixel",
        sparse=bool(sparse),
        labels=labels,
        output=output,
        target=made.target,
        ignored=made.ignored,
        metrics=made.metrics,
    )


def _overrides(task: Any, made: Sequence[Output]) -> dict[str, str]:
    """Return the user's word by output name."""
    if task is None:
        return {}
    names = [one.name for one in made]
    if not isinstance(task, str | Mapping):
        msg = f"`task` must be one of {', '.join(KINDS)}, or a dict of them. Received: {task!r}"
        raise InputError(msg)
    said = dict.fromkeys(names, task) if isinstance(task, str) else dict(task)
    by_any = {alias: one.name for one in made for alias in one.names}
    for name, kind in said.items():
        if kind not in KINDS:
            msg = f"Unknown task {kind!r}; expected one of {', '.join(KINDS)}."
            raise InputError(msg)
        if name not in by_any:
            msg = f"`task` names the output {name!r}, but the outputs are {names}."
            raise InputError(msg)
    return {by_any[name]: kind for name, kind in said.items()}


def infer_task(model: Any, labels: Sequence[Labels], outputs: Any, task: Any = None) -> Task:
    """Return what each output is meant to learn.

    Args:
        model: A built, compiled model.
        labels: Facts of each target, in flattened order; may be empty.
        outputs: What the model returns for some rows, NumPy arrays `(rows, ...)`.
        task: The user's word: a kind for all outputs, or a dict by output name.

    Raises:
        InputError: `task` names an unknown kind or output, or the loss is not known to Keras.
    """
    arrays = keras.tree.flatten(outputs)
    made, heads = outputs_of(model, outputs, labels), find_heads(model)
    said = _overrides(task, made)
    missing = OutputHead(name="", why="not found")
    return Task(
        [
            _head(
                i,
                one,
                heads[i] if len(heads) == len(arrays) else missing,
                None if one.target is None else labels[one.target],
                tuple(arrays[i].shape[1:]),
                said.get(one.name),
            )
            for i, one in enumerate(made)
        ]
    )
