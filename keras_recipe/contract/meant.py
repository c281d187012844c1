"""The output and the loss that labels call for, whatever the program has."""

from __future__ import annotations

from dataclasses import dataclass

from keras_recipe.contract.ranges import is_squared
from keras_recipe.task import EXCLUSIVE, INDEPENDENT, Head

#: With raw scores (`from_logits`) as good as with the activation.
_FAMILIES = {"softmax": EXCLUSIVE - {"categorical_hinge"}, "sigmoid": INDEPENDENT}
_MOST_CLASSES = 1000  # a head for more classes than this is not built on a guess


@dataclass(frozen=True, kw_only=True)
class Meant:
    """What an output should look like.

    Attributes:
        activation: `"softmax"`, `"sigmoid"` or `"linear"`.
        units: Size of the last axis.
        loss: Name of a Keras loss.
        ignored: Class number whose rows the loss leaves out; None if none.
    """

    activation: str
    units: int
    loss: str
    ignored: int | None = None

    @property
    def code(self) -> str:
        """The same as Keras code."""
        said = "None" if self.activation == "linear" else repr(self.activation)
        layer = f"keras.layers.Dense({self.units}, activation={said})"
        return f"{layer}; model.compile(optimizer, loss={self.loss!r})"


def _classes(head: Head) -> Meant | None:
    labels = head.labels
    if labels is None or (not head.sparse and labels.units < 2 and head.units > 1):
        return None
    if labels.units > 1 and not head.sparse:
        fits = labels.units == head.units
        loss = "categorical_crossentropy"
        return Meant(activation="softmax", units=head.units, loss=loss) if fits else None
    values = {v for v in labels.values or () if v != head.ignored}
    if not values or not labels.integers or min(values) < 0 or max(values) >= _MOST_CLASSES:
        return None
    return Meant(
        activation="softmax",
        units=max(head.units, int(max(values)) + 1),
        loss="sparse_categorical_crossentropy",
        ignored=head.ignored,
    )


def _yes_or_no(head: Head) -> Meant | None:
    values = set((head.labels and head.labels.values) or ())
    if not values <= {0.0, 1.0}:
        return None
    return Meant(activation="sigmoid", units=head.units, loss="binary_crossentropy")


def _amounts(head: Head) -> Meant | None:
    labels = head.labels
    if labels is None or labels.units not in (1, head.units):
        return None
    low, high = labels.overall[2:]
    if head.loss.name in INDEPENDENT and low >= 0 and high <= 1:
        return Meant(activation="sigmoid", units=head.units, loss="binary_crossentropy")
    kept = head.loss.builtin and is_squared(head.loss.name)
    loss = head.loss.name if kept else "mean_squared_error"
    return Meant(activation="linear", units=head.units, loss=loss)


def _fitting(head: Head) -> Meant | None:
    labels = head.labels
    if labels is None or not labels.rows:
        return None
    if head.kind == "binary" and head.units == 1:
        return _yes_or_no(head)
    if head.kind == "multilabel":
        return _yes_or_no(head) if labels.units == head.units else None
    if head.kind in ("multiclass", "binary"):
        return _classes(head)
    if head.kind == "regression":
        return _amounts(head)
    fits = head.units > 1 and (head.sparse or labels.is_one_hot)
    return _classes(head) if head.kind == "unknown" and fits else None


def meant(head: Head) -> Meant | None:
    """Return what the labels of an output call for; None where it has that, or none is known.

    One class out of several: softmax and cross-entropy; yes or no: sigmoid and binary
    cross-entropy; amounts: a linear output and the squared error (or the program's own
    distance). Labels that no standard loss reads as they are give None.
    """
    found = _fitting(head)
    if found is None:
        return None
    family = _FAMILIES.get(found.activation, {found.loss})
    loss_fits = head.loss.name == found.loss or (head.loss.name in family and not head.sparse)
    shown = "linear" if head.loss.from_logits else found.activation
    fits = loss_fits and head.loss.builtin and head.units == found.units
    return None if fits and head.activation == shown else found
