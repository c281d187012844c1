"""Which labels to doubt: a ranking of all rows, and how many are wrong where that shows."""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents
from keras_recipe.data.crossfit import Answer
from keras_recipe.data.every_row import Told, told_of_every_row
from keras_recipe.data.label_noise import confident_learning, numbers_of_rows, probabilities
from keras_recipe.data.surest import Estimate, told_by_the_surest

LIBRARY = "cleanlab"


@dataclass(frozen=True, eq=False)
class Doubts:
    """What cross-fitted models say against the labels they were given.

    Attributes:
        told: What they say of each row, and which rows these are.
        order: Places in `told`, the most doubtful label first.
        likelier: The class that each row rather belongs to.
        confident: Confident learning's count, which includes what the models cannot learn.
        estimate: What the surest rows say of the share of wrong labels; None of few rows.
        everything: Whether the rows are places in the whole data, not in the sample.
    """

    told: Told
    order: np.ndarray
    likelier: np.ndarray
    confident: float
    estimate: Estimate | None
    everything: bool

    @property
    def z(self) -> float:
        """How many standard errors the models are better than naming the largest class."""
        given, said = self.told.given, self.told.probabilities.argmax(1)
        most = np.bincount(given).max() / len(given)
        error = np.sqrt(max(most * (1 - most), 1e-9) / len(given))
        return float(((said == given).mean() - most) / error)

    def ranking(self, most: int, answer: Answer, contents: Contents) -> list[int]:
        """Return where in the data the first rows of the ranking stand.

        They are as many as confident learning counts, `most` at most.
        """
        first = self.order[: min(most, int(np.ceil(self.confident * len(self.order))))]
        if self.everything:
            return [int(r) for r in self.told.rows[first]]
        return numbers_of_rows(contents, leaves(answer.rows.take(first).x))

    def named(self, most: int, answer: Answer, contents: Contents) -> dict[str, list[int]]:
        """Return the first of the ranking as evidence: `suspects`, `given` and `likelier`."""
        rows = self.ranking(most, answer, contents)
        first = self.order[: len(rows)]
        return {
            "suspects": rows,
            "given": [int(c) for c in self.told.classes[self.told.given[first]]],
            "likelier": [int(c) for c in self.told.classes[self.likelier[first]]],
        }


def doubts(answer: Answer, whole: Batch | None, seed: int) -> Doubts:
    """Return the labels to doubt, of all rows where they are at hand, else of the sample.

    Args:
        answer: What simple models say of the sample; its target has classes.
        whole: All training rows; None where they cannot be had again.
        seed: Seed of the models.
    """
    told, everything = _of_sample(answer), False
    more = whole is not None and (len(whole) > len(answer.rows) or is_read(answer.rows))
    some = answer.question.ignored is not None  # rows of the whole have no label
    if more and not some and whole is not None and not leaves(whole.sample_weight):
        with suppress(NotApplicable):  # then the sample has to do
            told = told_of_every_row(whole, answer.rows, answer.question.place, seed)
            everything = True
    noise = confident_learning(told.probabilities, told.given)
    order = _ranked(told.probabilities, told.given, noise.suspects)
    estimate = told_by_the_surest(told.probabilities, told.given)
    return Doubts(told, order, noise.other, noise.rate, estimate, everything)


def is_read(rows: Batch) -> bool:
    """Whether the only input is texts, of which the sample's forest sees hashed counts."""
    kinds = [leaf.dtype.kind for leaf in leaves(rows.x)]
    return len(kinds) == 1 and kinds[0] in "US"


def _of_sample(answer: Answer) -> Told:
    labels = np.asarray(leaves(answer.rows.y)[answer.question.place])
    labels = labels.reshape(len(labels), -1)
    given = answer.y.given
    size = answer.y.values.shape[1]
    classes: np.ndarray = np.arange(size)
    if labels.shape[1] == 1:
        classes = np.zeros(size, labels.dtype)
        classes[given] = labels[:, 0]
    return Told(np.arange(len(given)), probabilities(answer.learned.own), given, classes)


def _ranked(p: np.ndarray, given: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the order of doubt: cleanlab's where it is installed and takes such labels.

    It is that of the probability of the given label; `own` is the same without cleanlab. Of
    the flips among 3 % of Fashion-MNIST's labels the first 6 % held 0.93 so, and 0.81 by the
    margin to the likeliest other class.
    """
    if importlib.util.find_spec(LIBRARY) is None or len(np.unique(given)) < p.shape[1]:
        return own
    rank = importlib.import_module(f"{LIBRARY}.rank")
    scores = rank.get_label_quality_scores(given, p, method="self_confidence")
    return np.argsort(scores, kind="stable")
