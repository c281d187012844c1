from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.preserve import preserve


def _others_replaced(batch: Batch, keep: slice) -> Any:
    """Return the inputs with every row outside `keep` turned into a copy of one row."""

    def replaced(array: np.ndarray) -> np.ndarray:
        copy = np.repeat(array[keep][:1], len(array), axis=0)
        copy[keep] = array[keep]
        return copy

    return mapped(replaced, batch.x)


def _difference(a: Any, b: Any, rows: slice) -> float:
    """Return the largest change of any output on `rows`, in units of the outputs' spread."""
    changes = [0.0]
    for one, two in zip(leaves(a), leaves(b), strict=True):
        before, after = np.asarray(one, "float64"), np.asarray(two, "float64")
        scale = max(float(np.ptp(before)), 1e-3 * float(np.abs(before).max()), 1e-12)
        changes.append(float(np.max(np.abs(before[rows] - after[rows]))) / scale)
    return max(changes)


@check("KR213", cost="forward")
def batch_independence(model: Any, probe: Batch, *, rtol: float = 1e-2) -> Result:
    """The prediction for one sample does not depend on the other samples of its batch.

    Why:
        A reshape where a transpose was meant, or a reduction over the wrong axis, passes
        information across the batch; the net still trains, a little worse, in silence.
    Fix:
        Use keras.ops.transpose for swapping axes; reduce over axes 1 and up, never axis 0.
    Tune:
        rtol: Largest change of an output when all other rows are replaced by copies of one
            row, relative to the spread of the outputs over the batch; no unit. Healthy models
            give at most 1e-5 in float32 and 4e-3 in float16; planted mixing gives 0.05 to 1.4.
    Source:
        Karpathy 2019, stage 2, "use backprop to chart dependencies"; by perturbation, because
        gradients miss integer inputs and permutations miss order-invariant mixing.
    """
    half = len(probe) // 2
    if half < 1:
        msg = "one row alone cannot mix with others"
        raise NotApplicable(msg)
    first, second = slice(0, half), slice(half, len(probe))
    base = model.predict_on_batch(probe.x)
    if any(len(leaf) != len(probe) for leaf in leaves(base)):
        msg = "the outputs do not have one row for each input row"
        raise NotApplicable(msg)
    if _difference(base, model.predict_on_batch(probe.x), slice(None)) > 0:
        msg = "predictions of the same rows differ from call to call (see KR217)"
        raise NotApplicable(msg)
    mixed = max(
        _difference(base, model.predict_on_batch(_others_replaced(probe, part)), part)
        for part in (first, second)
    )
    if mixed > rtol:
        return failed(
            f"predictions change by {mixed:.2g} of their spread when only the other samples of "
            f"the batch change; expected 0 (at most {rtol:g})",
            measured=mixed,
            expected=0.0,
            unit="share of output spread",
            where="inference mode",
            cause="A layer or op mixes axis 0: a reshape that merges it, or a mean, sort, "
            "softmax or attention over it.",
            fix=Fix(
                text="Keep axis 0 for samples in every op.",
                code="x = keras.ops.transpose(x, (0, 2, 1))  # not reshape",
            ),
        )
    norms = [
        p for p, layer in walk(model) if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if norms:
        return passed(
            "no output depends on another sample in inference mode; in training mode "
            f"BatchNormalization mixes on purpose ({len(norms)} layer(s))",
            measured=mixed,
            unit="share of output spread",
        )
    if all(type(layer).__module__.startswith("keras.") for _, layer in walk(model)):
        return passed(
            "no output depends on another sample of the batch",
            measured=mixed,
            expected=0.0,
            unit="share of output spread",
        )
    with preserve(model):
        trained = model(tensors(probe.x), training=True)
    with preserve(model):
        changed = model(tensors(_others_replaced(probe, first)), training=True)
    to_numpy = keras.ops.convert_to_numpy
    mixed_training = _difference(mapped(to_numpy, trained), mapped(to_numpy, changed), first)
    if mixed_training > rtol:
        return warned(
            f"in training mode predictions change by {mixed_training:.2g} of their spread with "
            "the other samples, and no BatchNormalization explains it",
            measured=mixed_training,
            expected=0.0,
            unit="share of output spread",
            where="training mode",
            cause="A custom layer uses batch statistics, or draws noise shared by the batch.",
            fix=Fix(text="Make sure that mixing samples during training is meant."),
        )
    return passed(
        "no output depends on another sample of the batch",
        measured=mixed,
        expected=0.0,
        unit="share of output spread",
    )
