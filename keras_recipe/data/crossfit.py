"""What a simple model says of each row without having seen its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import row_hashes
from keras_recipe.data.counted import LEAST_ROWS, drawn, labelled
from keras_recipe.data.features import encoded
from keras_recipe.data.unseen import Learned, Signal, Target, learn, signal, signal_of, targets

DIFFERENT = (4.0, 0.15)  # deviations and share by which inputs of two splits are told apart


@dataclass(frozen=True)
class Question:
    """One target.

    Attributes:
        name: Name of the output it is for.
        place: Place among the flattened targets.
        classes: Whether it is one exclusive class a row.
        ignored: Class number that the loss leaves out: no label, in either split.
    """

    name: str
    place: int
    classes: bool
    ignored: int | None = None


@dataclass(eq=False)
class Answer:
    """What a simple model says of one target; everything is computed when it is asked for.

    Attributes:
        question: The target.
        rows: The training rows that count: of small sample weights as few as these say.
        x: Their features.
        y: Their labels.
        held_x: Features of the validation rows; no rows without validation data.
        held_y: Their labels.
        seed: Seed of the models.
        held_rows: The validation rows themselves; None where there are none.
    """

    question: Question
    rows: Batch
    x: np.ndarray
    y: Target
    held_x: np.ndarray
    held_y: Target
    seed: int
    held_rows: Batch | None = None

    @cached_property
    def learned(self) -> Learned:
        """Predictions for both splits, learned from the training rows."""
        return learn(self.x, self.y, self.held_x, self.seed)

    @cached_property
    def priors(self) -> np.ndarray:
        """Mean of the training labels."""
        return self.y.values.mean(0)

    @cached_property
    def signal(self) -> Signal:
        """How well training labels follow from their inputs."""
        return signal(self.learned.own, self.y, self.priors, self.seed)

    @cached_property
    def transfer(self) -> Signal:
        """How well validation labels follow from what the training rows teach."""
        return signal(self.learned.held, self.held_y, self.priors, self.seed)

    @cached_property
    def held_signal(self) -> Signal:
        """How well validation labels follow from their inputs, learned from these alone.

        No more rows are used than there are for training, so that the two compare.
        """
        rows = self._some(len(self.held_x), len(self.x))
        return signal_of(self.held_x[rows], self.held_y.take(rows), self.seed)

    @cached_property
    def few_signal(self) -> Signal:
        """The signal of as many training rows as there are validation rows."""
        rows = self._some(len(self.x), len(self.held_x))
        return signal_of(self.x[rows], self.y.take(rows), self.seed)

    @cached_property
    def fresh(self) -> np.ndarray:
        """The validation rows that are no copies of training rows, which would be known.

        All of them where copies are as frequent among the training rows.
        """
        if not len(self.held_x):
            return np.empty(0, "int64")
        own, held = row_hashes([self.x]), row_hashes([self.held_x])
        known = np.isin(held, own)
        again = 1 - len(np.unique(own)) / len(own)
        return (
            np.flatnonzero(~known) if known.mean() > 2 * again + 0.05 else np.arange(len(held))
        )

    def _some(self, size: int, most: int) -> np.ndarray:
        return np.sort(np.random.default_rng(self.seed).permutation(size)[:most])


@dataclass(eq=False)
class CrossFit:
    """Simple models of all targets, on samples of the splits.

    Attributes:
        training: Training rows.
        validation: Validation rows, or None.
        questions: The targets.
        seed: Seed of everything.
        opening: The first training rows as they are stored; None where that is not known.
    """

    training: Batch
    validation: Batch | None
    questions: Sequence[Question]
    seed: int = 0
    opening: Batch | None = None
    _answers: dict[int, Answer] = field(default_factory=dict)

    @cached_property
    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Features of the training and of the validation rows."""
        if self.validation is not None:
            try:
                x, held = encoded(self.training.x, self.validation.x, seed=self.seed)
            except NotApplicable:
                pass
            else:
                return x, held
        (x,) = encoded(self.training.x, seed=self.seed)
        return x, x[:0]

    @cached_property
    def same_inputs(self) -> Signal:
        """How well a simple model tells the two splits apart by their inputs."""
        x, held = self.features
        count = min(len(x), len(held))
        random = np.random.default_rng(self.seed)
        rows = np.concatenate(  # and nothing else is kept of them
            [part[np.sort(random.permutation(len(part))[:count])] for part in (x, held)]
        )
        (side,) = targets([np.repeat([0, 1], count)], classes=True)
        return signal_of(rows, side, self.seed)

    @property
    def alike(self) -> bool:
        """Whether the inputs of both splits look the same to a simple model."""
        return self.same_inputs.z < DIFFERENT[0] or self.same_inputs.skill < DIFFERENT[1]

    def answers(self) -> list[Answer]:
        """Return the answer to every target that is there and varies.

        Raises:
            NotApplicable: There is none.
        """
        found = [self._answer(one) for one in self.questions]
        varied = [one for one in found if one.y.varied and len(one.x) >= LEAST_ROWS]
        if not varied:
            msg = f"there are no labels that vary, on at least {LEAST_ROWS} rows"
            many = [one for one in found if one.y.classes and len(set(one.y.given)) > 2]
            if many:
                msg = (
                    f"there are too many classes: fewer than two have two of the "
                    f"{len(many[0].x)} rows of the sample"
                )
            raise NotApplicable(msg)
        return varied

    def _answer(self, question: Question) -> Answer:
        if question.place not in self._answers:
            self._answers[question.place] = self._made(question)
        return self._answers[question.place]

    def _made(self, question: Question) -> Answer:
        x, held = self.features
        rows, x, labels = _labelled(self.training, x, question)
        splits, other = [labels], self.validation if len(held) else None
        if other is not None and len(leaves(other.y)) > question.place:
            other, held, of_held = _labelled(other, held, question)
            if of_held.shape[1:] == labels.shape[1:]:
                splits.append(of_held)
        made = targets(splits, classes=question.classes)
        alone = len(made) < 2
        held, other = (held[:0], None) if alone else (held, other)
        counted = drawn(rows, question.place, made[0], self.seed)
        own, held_y = made[0].take(counted), made[-1].take(np.arange(len(held)))
        kept = rows.take(counted)
        return Answer(question, kept, x[counted], own, held, held_y, self.seed, other)


def _labelled(
    rows: Batch, x: np.ndarray, asked: Question
) -> tuple[Batch, np.ndarray, np.ndarray]:
    """Return the rows that have a label, their features and these labels."""
    labels = leaves(rows.y)[asked.place]
    if asked.ignored is None:
        return rows, x, labels
    kept = labelled(labels, asked.ignored)
    return rows.take(kept), x[kept], labels[kept]
