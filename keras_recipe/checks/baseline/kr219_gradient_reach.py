from typing import Any

import keras
import numpy as np

from keras_recipe.backend import current
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.trial import advance
from keras_recipe.surgery.layers import walk, weight_paths


def _silent(model: Any, rows: Batch) -> tuple[set[int], set[int]]:
    """Return the places of weights without any gradient and with a non-finite one."""
    silent, broken = set(), set()
    _, gradients = current().weight_gradients(model, *rows.parts())
    for place, gradient in enumerate(gradients):
        if gradient is None or not np.any(gradient):
            silent.add(place)
        elif not np.all(np.isfinite(gradient)):
            broken.add(place)
    return silent, broken


def _nothing_to_train(model: Any) -> Result:
    return failed(
        "no weight of the model is trainable; expected at least one",
        measured=0.0,
        unit="trainable weights",
        cause="trainable=False was set on the whole model, or every layer was frozen.",
        fix=Fix(
            text="Make the layers that must learn trainable and compile again.",
            code="model.trainable = True; model.compile(...)",
        ),
    )


@check("KR219", cost="forward")
def gradient_reach(model: Any, sample: Batch, *, steps: int = 5, rows: int = 256) -> Result:
    """Every trainable kernel gets a finite gradient that is not zero.

    Why:
        A kernel without gradient never learns: it is cut off by stop_gradient, an argmax or a
        rounding, made of constants, or behind units that are all dead. The rest of the net
        trains around it in silence.
    Fix:
        Find the op between the layer and the loss that has no gradient, and remove it.
    Tune:
        steps: Training steps taken before a zero gradient counts: zero-initialised heads and
            residual branches hold their gradients back for the first few only.
        rows: Number of rows the gradient is taken on.
    Source:
        Karpathy 2019, stage 2, "use backprop to chart dependencies".
    """
    if not model.trainable_variables:
        if model.weights:
            return _nothing_to_train(model)
        msg = "the model has no weights"
        raise NotApplicable(msg)
    if type(model).train_step is not keras.Model.train_step:
        msg = "the model has a train_step of its own, whose gradients are not compute_loss's"
        raise NotApplicable(msg)
    some = sample.take(slice(0, int(rows)))
    silent, broken = _silent(model, some)
    paths = weight_paths(model)
    if broken:
        where = [paths[i] for i in sorted(broken)]
        return failed(
            f"the gradient of {len(broken)} weight(s) is NaN or infinite before any training",
            measured=float(len(broken)),
            expected=0.0,
            unit="weights",
            where=", ".join(where[:5]),
            cause="An op without a finite gradient (log or sqrt of 0, 0/0), or an overflow.",
            fix=Fix(text="Keep arguments away from 0.", code="keras.ops.log(x + 1e-7)"),
        )
    if silent:
        advance(model, some, int(steps), min(32, len(some)))
        silent &= _silent(model, some)[0]
    kernels = [i for i in silent if len(model.trainable_variables[i].shape) > 1]
    named = [paths[i] for i in sorted(silent) if i not in kernels]
    note = (
        f"; without gradient by construction, perhaps: {', '.join(named[:5])}" if named else ""
    )
    if not kernels:
        return passed(f"every trainable kernel gets a gradient{note}", measured=0.0)
    where = ", ".join(paths[i] for i in sorted(kernels)[:5])
    loose = [i for i in kernels if _has_no_loss(model)]
    verdict = warned if loose else failed
    return verdict(
        f"{len(kernels)} of {len(paths)} trainable weights get no gradient from {len(some)} "
        f"rows, at the start and after {steps} steps; expected one for each kernel",
        measured=float(len(kernels)),
        expected=0.0,
        unit="weights",
        where=where,
        cause="An output without a loss."
        if loose
        else "The path to the loss is cut by an op "
        "without gradient (stop_gradient, argmax, round, a clip), or the units are all dead.",
        fix=Fix(
            text=f"Remove the op without gradient between {where} and the loss, or set the "
            "layer's trainable=False if it is meant.",
            code="keras.ops.softmax(x)  # not keras.ops.argmax(x)",
        ),
    )


def _has_no_loss(model: Any) -> bool:
    spec = model.loss
    count = len(getattr(model, "outputs", None) or [0])
    given = list(spec.values()) if isinstance(spec, dict) else spec
    given = given if isinstance(given, list | tuple) else [given]
    return None in given or (count > 1 and 1 < len(given) < count)


def frozen_kernels(model: Any) -> list[str]:
    """Return the paths of layers with a kernel that is not trainable."""
    return [
        path
        for path, layer in walk(model)
        if getattr(layer, "kernel", None) is not None and not layer.trainable
    ]
