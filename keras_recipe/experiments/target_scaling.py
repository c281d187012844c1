"""Regression targets far from unit scale, and the same brought to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.contract.ranges import head_range
from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.labels import Labels
from keras_recipe.loss import predict
from keras_recipe.task import Head, Task

SHOWN = 2.0  # ratio of the deviations of columns that is worth a word
COLUMNS = 16  # units that are amounts of their own; more are pixels or steps of one kind

#: Losses under which a change of the targets' unit changes nothing but the unit.
DISTANCES = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetScale:
    """The scale of one output's targets.

    Attributes:
        head: The output.
        target: Place of its targets among the flattened ones.
        mean, std: Over all elements of all rows.
        low, high: The smallest and the largest value.
        shift, factor: `(y - shift) / factor` has mean 0 and deviation 1, for each unit of a
            vector; a head that is never negative keeps its zero (shift 0).
    """

    head: Head
    target: int
    mean: float
    std: float
    low: float
    high: float
    shift: Any
    factor: Any

    @property
    def sizes(self) -> np.ndarray:
        """The deviations of columns that vary; of one number, or of many alike, none."""
        labels = self.head.labels
        several = labels is not None and 1 < np.size(self.factor) <= COLUMNS
        return labels.std[labels.std > 0] if labels is not None and several else np.empty(0)

    @property
    def unevenness(self) -> float:
        """The largest deviation of a column over the smallest; 1 where there are no columns."""
        return float(self.sizes.max() / self.sizes.min()) if self.sizes.size else 1.0

    @property
    def text(self) -> str:
        """Mean and deviation in words."""
        said = f"mean {self.mean:.3g} and standard deviation {self.std:.3g}"
        if self.unevenness < SHOWN:
            return said
        low, high = self.sizes.min(), self.sizes.max()
        return f"{said}, their columns deviations from {low:.3g} to {high:.3g}"

    def is_far(self, largest: float, smallest: float) -> bool:
        """Whether mean or deviation is large, or the deviation small, also beside the mean.

        Or one column beside another: the loss then hears of the larger one only.
        """
        size = max(abs(self.mean), self.std)
        small = self.std < smallest or abs(self.mean) > largest * self.std
        return size > largest or small or self.unevenness > largest


def target_scales(task: Task) -> list[TargetScale]:
    """Return the scale of each regression output with a loss that measures a distance."""
    found = []
    for head in task.heads:
        labels = head.labels
        known = head.loss.builtin and head.loss.name in DISTANCES
        if (
            head.kind in ("regression", "counts")
            and known
            and labels
            and head.target is not None
        ):
            mean, std, low, high = labels.overall
            if std > 0:
                shift, factor = _unit(head, labels)
                found.append(
                    TargetScale(
                        head=head,
                        target=head.target,
                        mean=mean,
                        std=std,
                        low=low,
                        high=high,
                        shift=shift,
                        factor=factor,
                    )
                )
    return found


def _unit(head: Head, labels: Labels) -> tuple[Any, Any]:
    mean, std = labels.overall[:2]
    vector = head.structure == "sample" and labels.rank == 1 and not labels.folded
    shift = labels.mean if vector else np.array(mean)
    factor = np.where(labels.std > 0, labels.std, 1.0) if vector else np.array(std)
    if head_range(head)[0] >= 0:
        return np.zeros_like(shift), np.sqrt(np.square(shift) + np.square(factor))
    return shift, factor


def rescaled_targets(y: Any, scales: Sequence[TargetScale]) -> Any:
    """Return targets with those of `scales` standardised and the others as they are."""
    flat = keras.tree.flatten(y)
    for scale in scales:
        raw = flat[scale.target].astype("float64")
        flat[scale.target] = ((raw - scale.shift) / scale.factor).astype("float32")
    return keras.tree.pack_sequence_as(y, flat)


def variance_explained(model: Any, rows: Batch, scale: TargetScale) -> float:
    """Return the share of the targets' variance that the model's predictions explain.

    Of a few columns the least of their shares, not below 0: the variance of all together is
    that of the largest.

    Raises:
        NotApplicable: Predictions and targets differ in size.
    """
    said = np.asarray(leaves(predict(model, rows.x))[scale.head.index], "float64")
    y = leaves(rows.y)[scale.target].astype("float64")
    if said.size != y.size:
        msg = "an output and its targets differ in shape"
        raise NotApplicable(msg)
    said, y = said.reshape(len(y), -1), y.reshape(len(y), -1)
    missed, there = np.square(said - y), np.square(y - y.mean(0))
    if not 1 < y.shape[1] <= COLUMNS or np.ndim(scale.factor) == 0:
        return float(1 - missed.sum() / max(there.sum(), 1e-30))
    varied = there.sum(0) > 0
    shares = 1 - missed.sum(0)[varied] / there.sum(0)[varied]
    return float(np.clip(np.nan_to_num(shares), 0, 1).min()) if varied.any() else 0.0


def out_of_reach(y: np.ndarray, head: Head) -> tuple[float, float]:
    """Return what part of the targets an output cannot reach.

    Args:
        y: Targets `(rows, ...)`.
        head: The output.

    Returns:
        The share of targets outside its range, and the share of their variance that no
        prediction inside the range explains.
    """
    values = y.astype("float64")
    missed = values - np.clip(values, *head_range(head))
    scale = max(float(values.var()), 1e-30)
    return float((missed != 0).mean()), float(np.square(missed).mean() / scale)
