"""Rules about the values of the labels under a loss; each gives a finding or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed
from keras_recipe.data.recoding import recode
from keras_recipe.task import HINGE, INDEPENDENT

SPARSE = "sparse_categorical_crossentropy"
EDGE = 1e-3  # rounding of float16 labels around 0 and 1
SUM = 0.05  # distance of the sum of a label vector from 1 that rounding may explain
FEW = 0.05  # share of rows below which odd rows may be outliers


def _recoded(scored: ScoredHead, table: Mapping[float, float] | None) -> Any:
    """Return what gives the labels other numbers in all splits; None without a table."""
    place = scored.head.target
    return partial(recode, table=table, place=place) if table and place is not None else None


def _two(scored: ScoredHead, low: float, high: float) -> dict[float, float] | None:
    """Return the numbers `low` and `high` for labels of two values."""
    known = sorted((scored.head.labels.values if scored.head.labels else None) or {})
    return {known[0]: low, known[1]: high} if len(known) == 2 else None


def _from_zero(scored: ScoredHead) -> dict[float, float] | None:
    """Return the numbers 0, 1, ... for class numbers that start or stride in another way."""
    head = scored.head
    known = sorted((head.labels.values if head.labels else None) or {})
    low, _, whole = scored.values
    if not 1 < len(known) <= head.units:
        return None
    if whole and known[-1] - low < head.units:  # a class in between may be rare
        return {value: value - low for value in known}
    return {value: float(place) for place, value in enumerate(known)}


def _bad_class(low: float, high: float, units: int, *, whole: bool) -> tuple[str, str, str]:
    """Return what is wrong with class numbers, why, and the fix in code; "" if nothing."""
    if not whole:
        scaled = low >= 0 and high <= 1
        return (
            f"the class numbers are no whole numbers (they span {low:.4g} to {high:.4g})",
            "Keras cuts the decimals off, so that most rows become class 0. The labels were "
            + ("scaled along with the inputs." if scaled else "scaled, or are amounts."),
            "y = np.rint(y * scale).astype('int32')  # undo the scaling of the labels",
        )
    if low < 0:
        code = f"y = {'(y + 1) // 2' if (low, high) == (-1, 1) else f'y - ({int(low)})'}"
        return f"the smallest class number is {low:.0f}", "Classes are counted from 0.", code
    if high < units:
        return "", "", ""
    said = f"the class numbers go up to {high:.0f}, but {units} units know 0 to {units - 1}"
    if low == 1 and high == units:
        return said, "The labels count from 1, Keras counts from 0.", "y = y - 1"
    return said, "There are more classes than units.", f"Dense({int(high) + 1})"


def _never_counts(scored: ScoredHead) -> bool:
    """Whether a loss of the user's own is blind to rows of the class after the last unit."""
    head, y = scored.head, np.asarray(scored.y).reshape(len(scored.y), -1)
    if head.loss.builtin or head.kind != "multiclass" or scored.values[0] != 1:
        return False
    rows = np.flatnonzero((y == head.units).all(-1))
    if not rows.size:
        return False
    last = scored.take(rows)
    turned = np.roll(last.p, 1, axis=-1)
    return bool(np.ptp(last.p) > 0 and last.loss(last.p) == last.loss(turned))


def class_numbers(scored: ScoredHead) -> Result | None:
    """Class numbers must be 0, 1, ..., one for each unit."""
    head = scored.head
    if not head.sparse or not (head.loss.name == SPARSE or _never_counts(scored)):
        return None
    low, high, whole = scored.values
    said, cause, code = _bad_class(low, high, head.units, whole=whole)
    if not said:
        return None
    return failed(
        f"{said[0].upper()}{said[1:]}.",
        measured=high if low >= 0 else low,
        expected=float(head.units - 1) if low >= 0 else 0.0,
        unit="class number",
        where=head.name,
        cause=f"{cause} TensorFlow and PyTorch stop at such a label or cut it down; JAX gives "
        "its row a loss of 0 without a word.",
        fix=Fix(
            text="Number the classes from 0 and give each a unit.",
            code=code,
            data=_recoded(scored, _from_zero(scored)),
        ),
    )


def _not_distributions(rows: np.ndarray) -> str:
    """Return what is wrong with label vectors that should be distributions; "" if nothing."""
    sums, filled = rows.sum(-1), (rows != 0).sum(-1)
    if np.isin(rows, (0.0, 1.0)).all():
        return ""  # several ones at once are about the meaning of the head
    single = filled <= 1
    if single.all():  # one class a row, times a number: a weight, or a forgotten scale
        numbers = np.unique(sums[filled == 1])
        return f"each row holds one {numbers[0]:.4g}" if len(numbers) == 1 else ""
    off = (np.abs(sums - 1) > SUM) & ~single
    if off.mean() > FEW:
        return (
            f"{off.mean():.0%} of the rows don't add up to 1 (they span {rows.min():.4g} to "
            f"{rows.max():.4g})"
        )
    return ""


def distributions(scored: ScoredHead) -> Result | None:
    """Label vectors under categorical cross-entropy must add up to 1."""
    head = scored.head
    names = ("categorical_crossentropy", "categorical_focal_crossentropy")
    if head.loss.name not in names or scored.y.shape != scored.p.shape or head.units < 2:
        return None
    rows = scored.counted
    said = _not_distributions(rows[np.isfinite(rows).all(-1)]) if rows.size else ""
    if not said:
        return None
    return failed(
        f"{head.loss.name} expects each label vector to be a distribution over the classes, "
        f"but {said}.",
        measured=float(np.abs(rows.sum(-1) - 1).mean()),
        expected=0.0,
        unit="distance of the sum of a label vector from 1",
        where=head.name,
        cause="The labels were scaled, or they are amounts and no classes.",
        fix=Fix(
            text="One-hot labels for classes; a squared loss and a linear output for amounts.",
            code="y = keras.utils.to_categorical(classes)",
            data=_recoded(scored, _two(scored, 0.0, 1.0)),
        ),
    )


def zero_to_one(scored: ScoredHead) -> Result | None:
    """Labels of binary cross-entropy must lie between 0 and 1."""
    head = scored.head
    if head.loss.name not in INDEPENDENT:
        return None
    low, high, _ = scored.values
    values = (head.labels.values if head.labels else None) or {}
    faint = len(values) == 2 and low == 0 and high < 1 / 2
    if low >= -EDGE and high <= 1 + EDGE and not faint:
        return None
    if (low, high) == (-1, 1):
        cause, code = "The labels are coded -1 and +1.", "y = (y + 1) / 2"
    elif faint:
        cause, code = "The labels were scaled along with the inputs.", f"y = y / {high:.4g}"
    elif len(values) == 2:
        cause, code = "Two classes are coded by other numbers.", f"y = (y == {high:.4g})"
    elif head.kind == "multiclass" and low >= 0 and head.units == 1:
        cause = f"There are {len(values)} classes for one yes-or-no unit."
        code = f"Dense({int(high) + 1}, activation='softmax')  # loss={SPARSE!r}"
    else:
        cause, code = "The targets are amounts.", f"Dense({head.units})  # loss='mse'"
    return failed(
        f"{head.loss.name} expects labels from 0 to 1, but they span {low:.4g} to {high:.4g}.",
        measured=high if high > 1 or faint else low,
        expected=1.0 if high > 1 or faint else 0.0,
        unit="label",
        where=head.name,
        cause=f"{cause} Beyond 0 and 1 the loss has no lowest value: it falls for ever as the "
        "outputs saturate."
        if not faint
        else cause,
        fix=Fix(
            text="Code the labels 0 and 1, or choose the loss for amounts.",
            code=code,
            data=_recoded(scored, _two(scored, 0.0, 1.0)),
        ),
    )


def signs(scored: ScoredHead) -> Result | None:
    """Hinge losses know -1 and +1 (or 0 and 1)."""
    head = scored.head
    values = set((head.labels.values if head.labels else None) or {})
    if head.loss.name not in HINGE or (values and (values <= {-1, 1} or values <= {0, 1})):
        return None
    low, high, _ = scored.values
    return failed(
        f"{head.loss.name} expects labels -1 and +1, but they span {low:.4g} to {high:.4g}.",
        measured=high,
        expected=1.0,
        unit="label",
        where=head.name,
        cause="The loss multiplies label and output: a label of 0 teaches nothing, one of 9 "
        "weighs nine times.",
        fix=Fix(
            text="Code two classes as -1 and +1; use softmax for more.",
            code="y = 2 * y - 1",
            data=_recoded(scored, _two(scored, -1.0, 1.0)),
        ),
    )


def amounts(scored: ScoredHead) -> Result | None:
    """Logarithms and ratios are not defined for every target."""
    name, rows = scored.head.loss.name, scored.counted
    bad, why, code = {
        "poisson": (rows < 0, "A count can't be negative.", "loss='mse'"),
        "mean_squared_logarithmic_error": (
            rows <= -EDGE,
            "Keras reads every negative target as 0.",
            "loss='mse'",
        ),
        "mean_absolute_percentage_error": (
            np.abs(rows) < 1e-7,  # Keras divides by at least its epsilon
            "Keras divides by 1e-7 where the target is 0: such a row outweighs all others.",
            "loss='mae'",
        ),
    }.get(name, (np.zeros(1, dtype=bool), "", ""))
    if not bad.any() or (name.endswith("logarithmic_error") and bad.mean() < FEW):
        return None
    return failed(
        f"{bad.mean():.1%} of the targets can't be used by {name} (they span {rows.min():.4g} "
        f"to {rows.max():.4g}).",
        measured=float(bad.mean()),
        expected=0.0,
        unit="share of targets",
        where=scored.head.name,
        cause=why,
        fix=Fix(text="Choose a loss that is defined for all targets.", code=code),
    )


RULES: Sequence[Callable[[ScoredHead], Result | None]] = (
    class_numbers,
    distributions,
    zero_to_one,
    signs,
    amounts,
)
