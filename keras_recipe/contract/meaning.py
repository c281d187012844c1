"""Rules about what the labels mean and what head and loss make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_recipe.contract.heads import activation_fix, adds_to_one, layer_name
from keras_recipe.contract.ranges import RENORMALISED, head_range, is_squared
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.task import EXCLUSIVE, INDEPENDENT


def not_exclusive(scored: ScoredHead) -> Result | None:
    """One answer out of several needs a softmax."""
    head = scored.head
    name, bounded = head.loss.name, head_range(head) == (0.0, 1.0)
    sigmoid = bounded and head.activation != "softmax" and not adds_to_one(scored.p)
    if head.units < 2 or head.loss.from_logits or not head.loss.builtin:
        return None
    if name in RENORMALISED and sigmoid:
        off = float(np.abs(scored.p.sum(-1) - 1).mean())
        return failed(
            f"{name} means one class out of {head.units}, but each unit has a "
            f"{head.activation} of its own: the outputs of a row add up to "
            f"{scored.p.sum(-1).mean():.2f}, not 1.",
            measured=off,
            expected=0.0,
            unit="distance of the sum of outputs from 1",
            where=layer_name(head),
            cause="Keras divides by the sum inside the loss, so the model learns, but what it "
            "says is no probability and any common factor of it is left to chance.",
            fix=activation_fix(head, "softmax"),
        )
    if name in INDEPENDENT and head.kind == "multiclass" and head.units > 2:
        each = head.activation == "softmax"
        return warned(
            f"The labels name one class out of {head.units}, but the loss ({name}) asks "
            f"{head.units} separate yes-or-no questions"
            + (" of a softmax." if each else "; the outputs need not add up to 1."),
            where=layer_name(head),
            cause="binary_crossentropy is meant for labels that may hold together; its value "
            "and its accuracy are dominated by the many zeros.",
            fix=Fix(
                text="Use softmax with categorical_crossentropy for exclusive classes.",
                code="loss='categorical_crossentropy'  # with activation='softmax'",
            ),
        )
    return None


def too_exclusive(scored: ScoredHead) -> Result | None:
    """Several answers at once can't come from one distribution."""
    head = scored.head
    exclusive = head.activation == "softmax" or head.loss.name in EXCLUSIVE
    if head.kind != "multilabel" or head.units < 2 or not exclusive:
        return None
    y = np.asarray(scored.y, dtype="float64")
    if y.shape != scored.p.shape:
        return None
    several = float((y.sum(-1) > 1 + 0.01).mean())
    if not several:
        return None
    what = "softmax" if head.activation == "softmax" else head.loss.name
    return failed(
        f"{several:.0%} of the rows carry several labels at once, but {what} shares out one "
        "probability of 1 among them.",
        measured=several,
        expected=0.0,
        unit="share of rows",
        where=layer_name(head),
        cause="Softmax means that exactly one answer is right.",
        fix=Fix(
            text="Use one sigmoid a label with binary_crossentropy.",
            code=f"keras.layers.Dense({head.units}, activation='sigmoid')"
            "  # loss='binary_crossentropy'",
        ),
    )


def squared_classes(scored: ScoredHead) -> Result | None:
    """A classifier needs a loss of probabilities, not a distance between numbers."""
    head = scored.head
    if not (is_squared(head.loss.name) and head.loss.builtin and head.labels is not None):
        return None
    values = head.labels.values or {}
    if head.kind == "multiclass" and head.units == 1 and len(values) > 2:
        return failed(
            f"{head.loss.name} treats {len(values)} class numbers as amounts: mistaking class "
            "0 for class 1 costs less than for class 2.",
            measured=1.0,
            expected=float(len(values)),
            unit="output units",
            where=layer_name(head),
            cause=f"A classifier ({head.reason}) has one output for all classes.",
            fix=Fix(
                text="One softmax unit a class, with sparse_categorical_crossentropy.",
                code=f"keras.layers.Dense({int(max(values)) + 1}, activation='softmax')"
                "  # loss='sparse_categorical_crossentropy'",
            ),
        )
    accurate = any("acc" in name for name in head.metrics)
    squashed = head.activation in ("softmax", "sigmoid", "hard_sigmoid", "sparse_sigmoid")
    if head.kind not in ("binary", "multiclass", "multilabel") or not (accurate or squashed):
        return None
    exclusive = head.kind == "multiclass"
    sparse = "sparse_" if head.sparse else ""
    better = f"{sparse}categorical_crossentropy" if exclusive else "binary_crossentropy"
    return warned(
        f"{head.loss.name} trains a classifier ({head.reason}).",
        where=layer_name(head),
        cause=f"Behind a {head.activation} it has no slope where the model is surely wrong."
        if squashed
        else "It punishes outputs beyond the right answer as much as those short of it.",
        fix=Fix(text=f"Use {better}.", code=f"loss={better!r}"),
    )


RULES: Sequence[Callable[[ScoredHead], Result | None]] = (
    not_exclusive,
    too_exclusive,
    squared_classes,
)
