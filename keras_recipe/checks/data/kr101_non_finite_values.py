from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.leaf import Leaf
from keras_recipe.data.recoding import fill_gaps
from keras_recipe.data.statistics import Statistics
from keras_recipe.loss import LossUndefined, data_loss, predict
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task

_LARGEST = float(np.finfo("float32").max)
_GAP_OPS = {"Isnan", "Isfinite", "Isinf", "NanToNum", "Where"}
_LOOKUPS = (keras.layers.Embedding, keras.layers.IntegerLookup, keras.layers.Discretization)


def _is_bad(leaf: Leaf) -> bool:
    overflows = leaf.numeric and leaf.rows and leaf.overall[3] > leaf.overall[2]
    return leaf.bad_rows > 0 or bool(overflows and np.abs(leaf.overall[2:]).max() > _LARGEST)


def _spoiled(structure: Any, bad: Sequence[Leaf], every: Sequence[Leaf]) -> Any:
    """Return a few rows with a NaN wherever the data has one in some row."""
    flat = []
    for leaf, array in zip(every, leaves(structure), strict=True):
        if leaf in bad and array.dtype.kind == "f":
            gaps = np.broadcast_to(leaf.count, (int(np.prod(leaf.shape)),)) < np.max(leaf.count)
            gaps = gaps if gaps.any() else np.ones_like(gaps)
            array = np.where(gaps.reshape(leaf.shape), np.nan, array).astype(array.dtype)
        flat.append(array)
    return keras.tree.pack_sequence_as(structure, flat)


def _may_tell_gaps(model: Any) -> bool:
    """Whether a layer or op is one that can tell a NaN from a number."""
    layers = [layer for _, layer in walk(model)]
    own = [la for la in layers if not type(la).__module__.startswith("keras.")]
    masks = [la for la in layers if isinstance(la, keras.layers.Masking | keras.layers.Lambda)]
    ops = {type(op).__name__ for op in getattr(model, "operations", [])}
    return bool(
        own or masks or ops & _GAP_OPS or not type(model).__module__.startswith("keras.")
    )


def _copes_with_inputs(
    model: Any, rows: Batch, bad: Sequence[Leaf], every: Sequence[Leaf]
) -> bool:
    """Whether the model replaces or masks gaps itself: its predictions stay finite.

    Finite predictions alone say little: a ReLU of NaN is 0 on TensorFlow, and a NaN cast to a
    token number is finite, and nonsense. Something has to be there that can tell a gap.
    """
    if any(isinstance(layer, _LOOKUPS) for _, layer in walk(model)) or not _may_tell_gaps(
        model
    ):
        return False
    outputs = predict(model, _spoiled(rows.x, bad, every))
    return all(np.isfinite(np.asarray(o, "float64")).all() for o in leaves(outputs))


def _copes_with_targets(
    model: Any, rows: Batch, task: Task, bad: Sequence[Leaf], every: Sequence[Leaf]
) -> bool:
    """Whether a loss of the user's own leaves gaps out: it stays finite."""
    targets = {every.index(leaf) for leaf in bad}
    if any(head.loss.builtin for head in task.heads if head.target in targets):
        return False
    y = _spoiled(rows.y, bad, every)
    try:
        loss = data_loss(model, Batch(rows.x, y, rows.sample_weight), predict(model, rows.x))
    except LossUndefined:
        return False
    return bool(np.isfinite(loss))


def _evidence(leaf: Leaf) -> dict[str, Any]:
    found = {"rows": leaf.bad_rows, "of": leaf.rows, "share": leaf.bad_rows / leaf.rows}
    gaps = np.flatnonzero(np.broadcast_to(leaf.count, (int(np.prod(leaf.shape)),)) < leaf.rows)
    columns = [int(i) for i in gaps[:20]] if leaf.rank == 1 and not leaf.folded else []
    return {**found, "indices": leaf.bad_indices, "columns": columns}


@check("KR101", cost="forward")
def non_finite_values(
    model: Any, splits: Mapping[str, Statistics], sample: Batch, task: Task
) -> Result:
    """Inputs, targets and sample weights hold no NaN and no infinity, in any split.

    Why:
        One NaN in a batch makes its loss NaN, and from then on every weight; in the validation
        data it makes every validation number NaN.
    Fix:
        Find out where they come from (gaps in a table, a division by zero, a logarithm of 0),
        then fill them or leave the rows out.
    Tune:
        Nothing.
    Source:
        Karpathy 2019, stage 1, "become one with the data". Exact: every value is looked at. Not
        held against a model whose predictions stay finite with such inputs, nor against a loss
        of the user's own that stays finite with such targets: they mask gaps on purpose.
    """
    rows, found = sample.take(slice(0, 8)), {}
    excused: list[Leaf] = []
    for split, statistics in splits.items():
        x = [leaf for leaf in statistics.x if _is_bad(leaf)]
        y = [leaf for leaf in statistics.y if _is_bad(leaf)]
        weights = [leaf for leaf in statistics.weights if _is_bad(leaf)]
        if x and _copes_with_inputs(model, rows, x, statistics.x):
            excused, x = [*excused, *x], []
        if y and _copes_with_targets(model, rows, task, y, statistics.y):
            excused, y = [*excused, *y], []
        found.update({f"{split} {leaf.name}": leaf for leaf in [*x, *y, *weights]})
    total = sum(statistics.rows for statistics in splits.values())
    if not found:
        said = f"; the gaps in {excused[0].name} are dealt with by the model" if excused else ""
        return passed(f"no NaN or infinity in {total} rows{said}", measured=0.0, expected=0.0)
    where, leaf = max(found.items(), key=lambda item: item[1].bad_rows)
    name, share = leaf.name, leaf.bad_rows / leaf.rows
    said = f"{leaf.bad_rows} of {leaf.rows} rows of {where} hold NaN or infinity"
    if not leaf.bad_rows:
        said = f"{where} holds numbers up to {leaf.overall[3]:.3g}, infinite in float32"
    more = f" (and {len(found) - 1} more arrays)" if len(found) > 1 else ""
    return failed(
        f"{said}{more}; expected none",
        measured=share,
        expected=0.0,
        unit="share",
        where=f"{where}, rows {', '.join(map(str, leaf.bad_indices[:5]))}",
        cause="Gaps in the source, a division by zero or the logarithm of 0 in preprocessing.",
        fix=Fix(
            text="Leave the rows out, or fill the gaps, before training.",
            code=f"keep = np.isfinite({name}.reshape(len({name}), -1)).all(axis=1)",
            data=fill_gaps if leaf.bad_rows else None,
        ),
        evidence={place: _evidence(one) for place, one in found.items()},
    )
