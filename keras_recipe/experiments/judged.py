"""One output's answers and labels in the form that a simple model learns, and their errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.references import vectors
from keras_recipe.experiments.standing import Standing, standing
from keras_recipe.loss import data_loss
from keras_recipe.task import Head

CHUNKS = 16  # groups of rows whose losses are compared, where the loss is a mean over rows
SURE = 5.0  # a score that says yes
MOST_UNITS = 16  # numbers a row; more are a picture or a code, which may have to be squeezed

View = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # as `standing` takes them


@dataclass(frozen=True)
class Judged:
    """One output on some rows.

    Attributes:
        form: `"classes"`, `"labels"` or `"numbers"`, as `simple_models.answers` takes them.
        labels: The right answers in that form.
        said: The net's.
        weights: What each row counts in training.
        loss: Loss of answers `(rows, units)` on some rows; for numbers only.
    """

    form: str
    labels: np.ndarray
    said: np.ndarray
    weights: np.ndarray
    loss: Callable[[np.ndarray, slice], float]

    def standings(self, rival: np.ndarray) -> list[Standing]:
        """Compare the net with other answers in every sense that training may have aimed at."""
        views = {"classes": self._classes, "labels": self._labels, "numbers": self._numbers}
        return [standing(*view) for view in views[self.form](rival)]

    def _classes(self, rival: np.ndarray) -> list[View]:
        """Wrong classes: of all rows, of each class alike, and as the rows are weighted."""
        values, index, counts = np.unique(self.labels, return_inverse=True, return_counts=True)
        even = 1.0 / counts[index]
        found = []
        for weights in (np.ones(len(index)), even, self.weights, self.weights * even):
            sums = np.bincount(index, weights)
            errors = (said != self.labels for said in (self.said, rival, values[sums.argmax()]))
            net, other, constant = (wrong.astype("float64") for wrong in errors)
            found.append((net, other, constant, weights))
        return found

    def _labels(self, rival: np.ndarray) -> list[View]:
        """Wrong labels a row, and 1 - F1 of each row."""
        most = np.broadcast_to(self.labels.mean(0) > 0.5, self.labels.shape)
        says = (self.said, rival, most)
        wrong = [(said != self.labels).mean(1) for said in says]
        both = [2 * (said * self.labels).sum(1) for said in says]
        sums = [np.maximum(said.sum(1) + self.labels.sum(1), 1) for said in says]
        missed = [1 - hit / of for hit, of in zip(both, sums, strict=True)]
        return [(*wrong, self.weights), (*missed, self.weights)]

    def _numbers(self, rival: np.ndarray) -> list[View]:
        """The model's own loss, of groups of rows."""
        edges = np.linspace(0, len(self.labels), min(CHUNKS, len(self.labels)) + 1).astype(int)
        parts = [slice(a, b) for a, b in itertools.pairwise(edges)]
        shape = self.labels.shape
        low, high = self.labels.min(0), self.labels.max(0)
        middle = [
            np.average(self.labels, axis=0, weights=self.weights),
            np.median(self.labels, 0),
        ]
        says = [self.said, np.clip(rival, low, high)]
        says += [np.broadcast_to(one, shape) for one in middle]
        net, other, *constants = (
            np.array([self.loss(said[part], part) for part in parts]) for said in says
        )
        constant = min(constants, key=np.mean)
        return [(net, other, constant, np.ones(len(parts)))]


def _classes_of(
    head: Head, said: np.ndarray, ideal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the right classes and the net's; of one unit with the border that favours it."""
    if ideal.shape[-1] > 1:
        return ideal.argmax(-1), np.nan_to_num(said).argmax(-1)
    right, scores = ideal[:, 0], np.nan_to_num(said[:, 0])
    if head.kind == "multiclass" and len(np.unique(right)) > 2:
        return np.rint(right).astype("int64"), np.rint(scores)
    middle = (right.min() + right.max()) / 2
    right = (right > middle).astype("int64")
    borders = [scores > border for border in (middle, 0.0, 0.5)]
    return right, max(borders, key=lambda above: float((above == right).mean()))


def _weights(rows: Batch) -> np.ndarray:
    given = leaves(rows.sample_weight)
    if not given:
        return np.ones(len(rows))
    if len(given) > 1 or np.size(given[0]) != len(rows):
        msg = "there is more than one weight a row"
        raise NotApplicable(msg)
    weights = np.maximum(np.asarray(given[0], "float64").ravel(), 0.0)
    if not weights.sum() > 0:
        msg = "every row has the weight 0"
        raise NotApplicable(msg)
    return weights


def judged(model: Any, head: Head, rows: Batch, outputs: Any) -> Judged:
    """Return one output of the model on some rows, ready to be compared.

    Args:
        model: A compiled model.
        head: The output.
        rows: Rows with targets.
        outputs: What the model says of them.

    Raises:
        NotApplicable: No simple model can stand in for this output.
    """
    if head.target is None or head.structure != "sample" or head.kind == "unknown":
        msg = f"no simple model can stand in for output {head.name} ({head.kind})"
        raise NotApplicable(msg)
    flat, y = leaves(outputs), np.asarray(leaves(rows.y)[head.target])
    found = np.asarray(flat[head.index], "float64").reshape(len(rows), -1)
    ideal = vectors(head, y, found.shape)
    weights = _weights(rows)

    def loss(said: np.ndarray, part: slice) -> float:
        parts: list[Any] = [leaf[part] for leaf in flat]
        parts[head.index] = said.reshape(-1, *flat[head.index].shape[1:]).astype("float32")
        few = rows.take(part)
        return data_loss(model, few, keras.tree.pack_sequence_as(outputs, parts))

    if head.kind in ("binary", "multiclass", "multilabel"):
        _refuse_other_scores(head, ideal, lambda said: loss(said, slice(0, len(rows))))
    if head.kind in ("binary", "multiclass"):
        right, said = _classes_of(head, found, ideal)
        form = "classes"
    elif head.kind == "multilabel":
        middle = (ideal.min() + ideal.max()) / 2
        right = (ideal > middle).astype("int64")
        borders = [(found > border).astype("int64") for border in (middle, 0.0)]
        said, form = max(borders, key=lambda above: float((above == right).mean())), "labels"
    else:
        _refuse_numbers(head, rows, y, found)
        right, said, form = ideal, found, "numbers"
    return Judged(form, right, said, weights, loss)


def _refuse_other_scores(
    head: Head, ideal: np.ndarray, loss: Callable[[np.ndarray], float]
) -> None:
    """Refuse an output that a loss of the user's own does not want to say the labels.

    A contrastive loss, say, wants a distance, which is small where the label is 1.

    Raises:
        NotApplicable: In whatever form the labels are said, as probabilities or as scores, they
            cost no less than a constant.
    """
    if head.loss.builtin or head.loss.from_logits:
        return
    low, high = ideal.min(), ideal.max()
    scores = SURE * (2 * (ideal - low) / max(high - low, 1e-12) - 1)
    for said in (ideal, scores):
        if loss(said) < loss(np.broadcast_to(said.mean(0), said.shape)):
            return
    msg = f"output {head.name} does not say the labels: saying them costs as much as a constant"
    raise NotApplicable(msg)


def _refuse_numbers(head: Head, rows: Batch, y: np.ndarray, found: np.ndarray) -> None:
    """Refuse numbers that need not be what a simple model says.

    Raises:
        NotApplicable: The target is an input again (an autoencoder must squeeze what a line
            copies), or the output means something else than the target.
    """
    if y.size != found.size or head.loss.from_logits:
        msg = f"output {head.name} does not say the target itself"
        raise NotApplicable(msg)
    shapes: Sequence[tuple[int, ...]] = [np.shape(leaf) for leaf in leaves(rows.x)]
    if found.shape[1] > MOST_UNITS or (found.shape[1] > 1 and found.shape in shapes):
        msg = f"output {head.name} is a picture, a code or the input again"
        raise NotApplicable(msg)
