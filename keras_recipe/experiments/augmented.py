"""Rows with and without augmentation, by layers of the model or by copies in the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents
from keras_recipe.data.turned_copies import turned_copies
from keras_recipe.experiments.contest import Contest, Side, contest, split_rows, steps_for
from keras_recipe.experiments.skill import accuracy_skill, skill
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import predict
from keras_recipe.surgery.augmentation import augmenters, without_augmentation
from keras_recipe.surgery.entrances import entering
from keras_recipe.task import Head, Task

FEW = 16  # rows that tell whether anything is augmented at all
MOST_ELEMENTS = 16_000_000  # numbers that are augmented at once: 64 MB, and as much again


@dataclass(frozen=True, kw_only=True)
class Augmented:
    """Rows as they are and augmented.

    Attributes:
        text: What augments them, in words.
        where: Layer, or input.
        rows: The rows as they are, with their targets.
        plain: Their inputs without augmentation, as the first layer with weights gets them.
        changed: The same with augmentation.
        copied: Whether the augmented rows are part of the data; else layers make them.
    """

    text: str
    where: str
    rows: Batch
    plain: np.ndarray
    changed: np.ndarray
    copied: bool


def augmented(model: Any, sample: Batch, contents: Contents | None) -> Iterator[Augmented]:
    """Yield the ways in which training rows are augmented.

    Args:
        model: A built model; call this under `preserve`.
        sample: Training rows, of one input.
        contents: The hashes of all training rows; None where they are not known.
    """
    found = augmenters(model)
    few = sample.take(slice(0, FEW))
    if found and not np.array_equal(*_met(model, few.x)[1:]):
        size = max(leaf[0].size for leaf in leaves(sample.x))
        rows = sample.take(slice(0, max(FEW, MOST_ELEMENTS // max(size, 1))))
        path, plain, changed = _met(model, rows.x)
        if plain.shape == changed.shape and plain.size:
            text = ", ".join(name for name, _ in found)
            yield Augmented(
                text=text, where=path, rows=rows, plain=plain, changed=changed, copied=False
            )
    copies = None if contents is None else turned_copies(sample, contents)
    if copies is not None:
        yield Augmented(
            text=f"{len(copies.rows)} pairs of rows, one {copies.text}",
            where="x",
            rows=copies.rows,
            plain=leaves(copies.rows.x)[0],
            changed=copies.turned,
            copied=True,
        )


def _met(model: Any, x: Any) -> tuple[str, np.ndarray, np.ndarray]:
    """Return the first layer with weights, and what it gets in inference and in training."""
    met = [entering(model, x, training=training) for training in (False, True)]
    if met[0] is None or met[1] is None:
        return "", np.empty(0), np.empty(0)
    return met[0][0], met[0][1], met[1][1]


def augmentation_contest(  # noqa: PLR0913  what is trained, how long, and what decides
    model: Any,
    head: Head,
    fit: FitSettings,
    one: Augmented,
    classes: Sequence[int] | Task,
    *,
    most_steps: int,
    seed: int,
    least: float,
    ratio: float,
    seconds: float,
) -> Contest | None:
    """Train with and without the augmentation; score rows as they are, of some classes or all.

    Args:
        model: A compiled model.
        head: Its output.
        fit: The user's settings.
        one: The augmentation.
        classes: Class numbers of the rows that count; or what is learned, where all count.
        most_steps: Most steps of each training.
        seed: Decides rows and their order.
        least: As in `contest`.
        ratio: As in `contest`.
        seconds: As in `contest`.

    Raises:
        NotApplicable: The training step is the model's own.
    """
    if has_own_step(model):
        msg = "the training step is the model's own"
        raise NotApplicable(msg)
    order = Batch(np.arange(len(one.rows)))
    train, held = (leaves(part.x)[0] for part in split_rows(order, seed))
    rows = one.rows.take(train)
    if isinstance(classes, Task):
        score = partial(skill, model, classes, one.rows.take(held))
    else:
        y = labels_of(one.rows, head)
        unseen = one.rows.take(held[np.isin(y[held], classes)])
        score = partial(_right, model, head, unseen)
    if one.copied:
        turned = keras.tree.map_structure(lambda _: one.changed[train], rows.x)
        before = Side(rows=Batch.joined([rows, rows.with_x(turned)]), score=score)
        after = Side(rows=rows, score=score)
    else:
        before = Side(rows=rows, score=score)
        after = Side(rows=rows, score=score, during=without_augmentation)
    steps, planned = steps_for(model, fit, most_steps)
    return contest(
        model,
        before,
        after,
        steps=steps,
        planned=planned,
        batch_size=min(fit.batch_size, len(rows)),
        seed=seed,
        least=least,
        ratio=ratio,
        seconds=seconds,
    )


def share_beyond(one: Augmented) -> float:
    """Return the share of augmented numbers that no plain row is anywhere near.

    Those further outside the range of the plain rows than that range is wide.
    """
    low, high = float(one.plain.min()), float(one.plain.max())
    width = high - low
    far = (one.changed < low - width) | (one.changed > high + width)
    return float(far.mean()) if width > 0 else 0.0


def labels_of(rows: Batch, head: Head) -> np.ndarray:
    """Return the class number of each row, of numbers or of vectors over the classes."""
    y = np.asarray(leaves(rows.y)[head.target or 0])
    return y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)).astype(int)


def _right(model: Any, head: Head, rows: Batch) -> float:
    """Return the accuracy above the most frequent class, over the rest."""
    outputs = np.asarray(leaves(predict(model, rows.x))[head.index])
    y = np.asarray(leaves(rows.y)[head.target or 0])
    return accuracy_skill(head, outputs, y)
