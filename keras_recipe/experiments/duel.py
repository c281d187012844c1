"""One output of a net against scikit-learn's simple models, on rows held out and on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.features import encoded
from keras_recipe.experiments.judged import Judged, judged
from keras_recipe.experiments.references import same_inputs
from keras_recipe.experiments.simple_models import answers, crossed
from keras_recipe.experiments.standing import Standing
from keras_recipe.loss import predict
from keras_recipe.task import Head, Task

LEAST_ROWS = 30  # distinct rows; fewer are known by heart by anyone
LIMITS = {"closes": 2 / 3, "errors": 3.0, "strength": 0.3}  # see `Standing.is_lost`


def _counted(rows: Batch, head: Head) -> Batch:
    """Return the rows that the loss of this output counts."""
    keep = np.ones(len(rows), bool)
    for given in leaves(rows.sample_weight):
        if np.size(given) == len(rows):
            keep &= np.asarray(given).ravel() > 0
    if head.ignored is not None and head.target is not None:
        y = np.asarray(leaves(rows.y)[head.target]).reshape(len(rows), -1)
        keep &= (y != head.ignored).any(1)
    return rows if keep.all() else rows.take(np.flatnonzero(keep))


class Duel:
    """Compares one output with simple models fitted on the same training rows.

    On the validation rows, when there are any, each has seen the training rows only. On the
    training rows the net has the advantage: it has seen them, and the simple model was fitted
    on the other two thirds. Rows with equal inputs are taken once, for a neighbour would know
    them by heart; unless there are next to no others.

    Args:
        model: A compiled, trained model.
        head: The output.
        samples: Rows by split, as the subject has them.
        seed: Decides folds and features.
        least_rows: Distinct rows without which nothing is said.

    Attributes:
        head: The output.
        net: Its answers on the training rows.

    Raises:
        NotApplicable: No simple model can stand in for this output.
    """

    def __init__(
        self, model: Any, head: Head, samples: Mapping[str, Batch], seed: int, least_rows: int
    ) -> None:
        self._model, self.head, self._seed = model, head, seed
        training = _counted(samples["training"], head)
        _, first = np.unique(same_inputs(training), return_index=True)
        self.repeated = len(first) < least_rows
        self._rows = {"training": training if self.repeated else training.take(first)}
        if "validation" in samples and samples["validation"].y is not None:
            held = _counted(samples["validation"], head)
            if len(held) >= least_rows:
                self._rows["validation"] = held
        if len(training) < least_rows:
            msg = f"{len(training)} rows are too few to tell who is better"
            raise NotApplicable(msg)
        self.net = self._judged("training")

    def _judged(self, split: str) -> Judged:
        rows = self._rows[split]
        return judged(self._model, self.head, rows, predict(self._model, rows.x))

    @cached_property
    def _held(self) -> Judged:
        return self._judged("validation")

    @cached_property
    def _features(self) -> list[np.ndarray]:
        return encoded(*(rows.x for rows in self._rows.values()), seed=self._seed)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The simple models that can be compared: neighbours need rows that were held out."""
        fair = self.repeated or "validation" in self._rows
        return ("linear", "neighbours") if fair else ("linear",)

    @property
    def splits(self) -> tuple[str, ...]:
        """Where to compare, the most telling first."""
        return tuple(reversed(self._rows))

    def rows(self, split: str) -> int:
        """Return the number of rows of a split."""
        return len(self._rows[split])

    def standings(self, kind: str, split: str) -> list[Standing]:
        """Return the comparison with one kind of simple model in every sense of "better"."""
        net, fields = self.net, (kind, self.net.form)
        known = (self._features[0], net.labels, net.weights)
        if split == "validation":
            return self._held.standings(answers(*fields, *known, self._features[1]))
        if self.repeated:
            return net.standings(answers(*fields, *known, self._features[0]))
        return net.standings(crossed(*fields, *known, seed=self._seed))


@dataclass(frozen=True)
class Loss:
    """A clear loss of one output to a simple model.

    Attributes:
        head: The output.
        kind: The simple model, as in `simple_models.NAMES`.
        split: Where they were compared.
        standing: How, counting every row alike.
        proved: Whether the net loses on its own training rows too.
    """

    head: Head
    kind: str
    split: str
    standing: Standing
    proved: bool


def lost(duel: Duel, **limits: float) -> Loss | None:
    """Return the clearest loss of one output, or None.

    Args:
        duel: The output.
        **limits: As `Standing.is_lost` takes them.
    """
    found = None
    for kind in duel.kinds:
        first, *others = duel.splits
        here = duel.standings(kind, first)
        if not all(one.is_lost(**limits) for one in here):
            continue
        both = all(one.is_lost(**limits) for s in others for one in duel.standings(kind, s))
        if found is None or (both and not found.proved):
            found = Loss(duel.head, kind, first, here[0], both)
    return found


def duels(
    model: Any,
    task: Task,
    samples: Mapping[str, Batch],
    *,
    seed: int = 0,
    least_rows: int = LEAST_ROWS,
) -> list[Duel]:
    """Return the outputs that a simple model can stand in for.

    Raises:
        NotApplicable: There is none; the reason is that of the first.
    """
    found, reasons = [], []
    for head in task.heads:
        try:
            found.append(Duel(model, head, samples, seed, least_rows))
        except NotApplicable as reason:
            reasons.append(reason)
    if not found:
        raise reasons[0]
    return found


def losing(model: Any, task: Task, samples: Mapping[str, Batch]) -> bool:
    """Say whether every output clearly loses to a simple model, also on its training rows."""
    found = [lost(duel, **LIMITS) for duel in duels(model, task, samples)]
    return all(one is not None and one.proved for one in found)
