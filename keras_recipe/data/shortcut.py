"""One number of each row that alone tells the label: a column, a pixel, brightness, length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves, names
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.unseen import Target, learn, signal

BINS = 24  # pieces of a column's range, each with its own answer
GAPS = 4  # widest gaps in a column that are borders, too: quantiles cut beside them
LEAST = 3  # training rows a piece needs, on average
MOST_COLUMNS = 4096
ABSENT = 0.2  # share explained by a column in validation that is as good as none
SUSPECT = 3.5  # standard errors between the splits from which on a column is tried


@dataclass(frozen=True)
class Column:
    """Something of each row that is one number.

    Attributes:
        name: How messages call it.
        leaf: Place of its input among the flattened ones.
        index: Column of that input, flattened; None for a summary of the whole input.
    """

    name: str
    leaf: int
    index: int | None


def columns(*batches: Batch) -> tuple[list[Column], list[np.ndarray]]:
    """Return what is one number, and its values `(rows, columns)` for each batch.

    Every column or pixel (up to 4096 an input), and mean, spread and count of non-zero
    elements of inputs that have more than one axis or hold whole numbers.
    """
    found: list[Column] = []
    values: list[list[np.ndarray]] = [[] for _ in batches]
    roots = names(batches[0].x, "x")
    for place, (name, first) in enumerate(zip(roots, leaves(batches[0].x), strict=True)):
        if first.dtype.kind not in "biuf":
            continue
        size = math.prod(first.shape[1:])
        if size <= MOST_COLUMNS:
            spots = [np.unravel_index(i, first.shape[1:]) for i in range(size)]
            found += [
                Column(f"{name}[{', '.join([':', *map(str, spot)])}]", place, i)
                for i, spot in enumerate(spots)
            ]
        summed = size > 1 and (first.ndim > 2 or first.dtype.kind in "iu")
        if summed:
            found += [
                Column(f"the {what} of {name}", place, None)
                for what in ("mean", "spread", "count of non-zero elements")
            ]
        for batch, made in zip(batches, values, strict=True):
            flat = np.nan_to_num(
                leaves(batch.x)[place].reshape(len(batch), size).astype("float64")
            )
            if size <= MOST_COLUMNS:
                made.append(flat)
            if summed:
                made.append(np.stack([flat.mean(1), flat.std(1), (flat != 0).sum(1)], 1))
    return found, [np.concatenate(made, 1) if made else np.empty((0, 0)) for made in values]


def _cut(column: np.ndarray, count: int) -> np.ndarray:
    """Return borders between pieces; each value is a piece of its own where there are few.

    Else quantiles and the widest gaps: where a column was made from the label, a quantile
    falls beside the border of two classes. Borders leave enough rows to learn from.
    """
    known = np.unique(column)
    if len(known) <= count:
        return np.asarray((known[1:] + known[:-1]) / 2)
    even = np.quantile(column, np.linspace(0, 1, count + 1)[1:-1])
    ranked, room = np.sort(column), 2 * LEAST
    steps = np.diff(ranked)
    wide: list[int] = []
    for at in np.argsort(-steps[room:-room], kind="stable")[: room * GAPS] + room:
        near = any(abs(at - other) <= room for other in wide)
        if len(wide) < GAPS and steps[at] > 0 and not near:
            wide.append(int(at))
    place = np.searchsorted(ranked, even)
    far = (np.abs(place[:, None] - np.array(wide) - 1) > room).all(1)
    return np.unique(np.concatenate([even[far], [ranked[i : i + 2].mean() for i in wide]]))


def _answers(pieces: np.ndarray, target: np.ndarray, count: int) -> np.ndarray:
    """Return the mean label of each piece, drawn a little to the mean of all."""
    sums = np.zeros((count, target.shape[1]))
    np.add.at(sums, pieces, target)
    sizes = np.bincount(pieces, minlength=count)[:, None]
    return (sums + target.mean(0)) / (sizes + 1)


def _share(said: np.ndarray, target: Target) -> float:
    """Return the share explained: of the most frequent class's errors, or of variance."""
    y = target.values
    if target.classes:
        chance = np.bincount(target.given).max() / len(y)
        right = float((said.argmax(1) == target.given).mean())
        return (right - chance) / (1 - chance) if chance < 1 else float("nan")
    lost = np.square(said - y).sum()
    total = np.square(y - y.mean(0)).sum()
    return float(1 - lost / total) if total > 0 else float("nan")


def single_shares(
    values: Sequence[np.ndarray], targets: Sequence[Target], seed: int = 0
) -> list[np.ndarray]:
    """Return how much each column alone explains, out of sample.

    A step function of the column is learned on the first split: for its own score on one half
    of the rows and scored on the other, both ways; for the other splits on all rows.

    Args:
        values: Columns of each split, `(rows, columns)`.
        targets: Labels of each split.
        seed: Decides the halves.

    Returns:
        For each split `(columns,)`; 0 knows nothing, 1 is perfect, negative misleads.
    """
    rows, y = len(values[0]), targets[0].values
    half = np.random.default_rng(seed).permutation(rows) < rows // 2
    count = max(2, min(BINS, rows // (2 * LEAST)))
    shares = [np.zeros(values[0].shape[1]) for _ in values]
    for i, column in enumerate(values[0].T):
        borders = _cut(column, count)
        pieces = np.searchsorted(borders, column)
        size = len(borders) + 1
        said = np.empty_like(y)
        for part in (half, ~half):
            said[~part] = _answers(pieces[part], y[part], size)[pieces[~part]]
        shares[0][i] = _share(said, targets[0])
        told = _answers(pieces, y, size)
        for found, other, target in zip(shares[1:], values[1:], targets[1:], strict=True):
            found[i] = _share(told[np.searchsorted(borders, other[:, i])], target)
    return shares


def shuffled(batch: Batch, like: Batch, chosen: Sequence[Column], seed: int = 0) -> Any:
    """Return the inputs of `batch` with some columns drawn from those of other rows.

    Args:
        batch: Rows.
        like: Where the values are drawn from.
        chosen: The columns. For mean and spread of an input each row is standardised.
        seed: Decides the draw.
    """
    random = np.random.default_rng(seed)
    flat = [leaf.copy() for leaf in leaves(batch.x)]
    for column in chosen:
        if column.index is None:
            inner = tuple(range(1, flat[column.leaf].ndim))
            values = flat[column.leaf].astype("float32")
            spread = values.std(inner, keepdims=True)
            centred = values - values.mean(inner, keepdims=True)
            flat[column.leaf] = centred / np.maximum(spread, 1e-6)
    for column in chosen:
        if column.index is not None:
            source = leaves(like.x)[column.leaf].reshape(len(like), -1)[:, column.index]
            view = flat[column.leaf].reshape(len(batch), -1)
            view[:, column.index] = random.choice(source, len(batch))
            flat[column.leaf] = view.reshape(flat[column.leaf].shape)
    return keras.tree.pack_sequence_as(batch.x, flat) if len(flat) > 1 else flat[0]


def restates(column: np.ndarray, target: Target) -> bool:
    """Whether a column is the label itself: the classes under other names, or a line of it."""
    if target.classes:
        pairs = np.unique(np.stack([column, target.given], 1), axis=0)
        return len(pairs) == len(np.unique(target.given)) == len(np.unique(column))
    y = target.values
    if y.shape[1] != 1 or column.std() == 0:
        return False
    return bool(abs(np.corrcoef(column, y[:, 0])[0, 1]) > 1 - 1e-6)


@dataclass(frozen=True)
class Misled:
    """Columns that tell the training labels and not the validation labels.

    Attributes:
        columns: Their names, the worst first.
        places: `(input, column of it when flattened)` of those that are columns.
        share: What the worst alone explains of the training labels.
        held_share: The same of the validation labels.
        before: What a simple model explains of the validation labels.
        after: The same once these columns are shuffled in both splits.
    """

    columns: list[str]
    places: list[tuple[int, int]]
    share: float
    held_share: float
    before: float
    after: float


def misled(
    fit: CrossFit,
    answer: Answer,
    made: Sequence[Column],
    shares: Sequence[np.ndarray],
    *,
    near: float,
    sure: float,
    gain: float,
) -> Misled | None:
    """Return the proof that some columns mislead, or None.

    They do if each alone explains training labels and hardly validation labels, if a simple
    model explains more of the validation labels without them (or no less, where one alone tells
    nearly all training labels), and if without them both splits look the same.

    Args:
        fit: The splits.
        answer: The target.
        made: The columns.
        shares: What each alone explains of the training and of the validation labels.
        near: Share explained by one column that tells nearly all.
        sure: Deviations above shuffled labels that a relation without them must have.
        gain: Least gain by leaving them out, as a share explained.
    """
    y, rows, held = answer.y, answer.rows, answer.held_rows
    if held is None or len(shares) < 2:
        return None
    rest = 1 - np.bincount(y.given).max() / len(y.values) if y.classes else 1.0
    right = [1 - rest * (1 - np.clip(share, 0, 1)) if y.classes else 0.5 for share in shares]
    spread = [part * (1 - part) / len(r) for part, r in zip(right, (rows, held), strict=True)]
    error = np.sqrt(spread[0] + spread[1]) / max(rest, 1e-9)
    gap = shares[0] - np.maximum(shares[1], 0)
    apart = (gap >= SUSPECT * error) & (gap >= gain / 2) & (shares[1] < shares[0] / 2)
    chosen = [made[i] for i in np.argsort(-gap, kind="stable") if apart[i]]
    summaries = [c for c in chosen if c.index is None]
    for part in (summaries, [c for c in chosen if c.index is not None]):
        if not part:
            continue
        worst = made.index(part[0])
        share, held_share = float(shares[0][worst]), float(shares[1][worst])
        before, after = max(answer.transfer.skill, 0.0), _without(fit, answer, held, part, sure)
        plain = share >= near and held_share <= ABSENT and after > max(before - gain, 0.0)
        if plain or after >= before + gain:
            places = [(c.leaf, c.index) for c in part if c.index is not None]
            names_of = [column.name for column in part]
            return Misled(names_of, places, share, held_share, before, after)
    return None


def _without(
    fit: CrossFit, answer: Answer, held: Batch, chosen: Sequence[Column], sure: float
) -> float:
    """Return what is explained of the validation labels without some columns, or 0.

    0 also where the splits differ in other columns too.
    """
    rows, y = answer.rows, answer.y
    other = CrossFit(
        rows.with_x(shuffled(rows, rows, chosen, fit.seed)),
        held.with_x(shuffled(held, rows, chosen, fit.seed + 1)),
        fit.questions,
        fit.seed,
    )
    x, held_x = other.features
    told = learn(x, y, held_x, fit.seed).held
    found = signal(told, answer.held_y, answer.priors, fit.seed)
    return found.skill if found.z >= sure and other.alike else 0.0
