from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from keras_recipe.backend import current
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.first_step import refused_step
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.experiments.untrained import untrained_verdict
from keras_recipe.experiments.vanishing import (
    first_to_largest,
    shares_out,
    vanishing_verdict,
)
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import predict
from keras_recipe.surgery.layers import is_kernel, weight_paths
from keras_recipe.surgery.preserve import preserve
from keras_recipe.task import Task


def _gradients(model: Any, rows: Batch) -> list[Any]:
    try:
        return list(current().weight_gradients(model, *rows.parts(), training=True)[1])
    except Exception as error:  # each backend has its own kinds of error
        msg = f"the loss has no gradient to read: {said(error)}"
        raise NotApplicable(msg) from error


def _silent(model: Any, gradients: list[Any]) -> set[int]:
    """Return the places of trainable kernels whose gradient is zero or missing."""
    return {
        place
        for place, gradient in enumerate(gradients)
        if is_kernel(model.trainable_variables[place])
        and (gradient is None or not np.any(gradient))
    }


def _shake(variables: Iterable[Any], share: float) -> None:
    """Add noise of that share of a variable's spread, or of 1 where all values are equal."""
    random = np.random.default_rng(0)
    for variable in variables:
        value = np.asarray(keras.ops.convert_to_numpy(variable))
        size = share * (float(np.std(value)) or 1.0)
        noise = random.normal(0.0, size, value.shape)
        variable.assign((value + noise).astype(value.dtype))


def _cut_off(model: Any, probe: Batch, sample: Batch, task: Task, silent: set[int]) -> set[int]:
    """Return the silent kernels that stay so, although they change a prediction with a loss.

    Zero-initialised heads and branches hold gradients back until they move, so they are moved.
    """
    weights = model.trainable_variables
    constant = [v for v in weights if not np.ptp(keras.ops.convert_to_numpy(v))]
    found = set()
    with preserve(model) as guard:
        _shake(constant, 0.1)
        silent = silent & _silent(model, _gradients(model, sample))
        before = leaves(predict(model, probe.x))
        for place in silent:
            guard.restore()
            _shake(constant, 0.1)
            _shake([weights[place]], 1.0)
            after = leaves(predict(model, probe.x))
            scored = [head.index for head in task.heads if head.target is not None]
            if any(np.any(before[i] != after[i]) for i in scored):
                found.add(place)
    return found


@check("KR219", cost="forward", requires=("KR101",))
def gradient_reach(
    model: Any,
    probe: Batch,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    *,
    suspect: float = 1e-3,
    steps: int = 200,
    rows: int = 256,
) -> Result:
    """Every layer that matters is trainable and gets a finite gradient that is not zero.

    Why:
        A kernel without gradient never learns: it is cut off by stop_gradient, an argmax or a
        rounding, sits behind units that are all dead or too many sigmoids, or was frozen
        before it was trained. The rest of the net trains around it in silence.
    Fix:
        Find the op between the layer and the loss that has no gradient, and remove it.
    Tune:
        suspect: The first kernel's gradient over the largest, both relative to their weights,
            under which it is tried out what ReLU would do; AUTOTRAINER: 1e-3. Behind a hidden
            softmax that is tried whatever the ratio.
        steps: Steps of each training that tries a change; fewer where fewer are planned.
        rows: Number of rows that must give no gradient, and of those trained on.
    Source:
        Karpathy 2019, stage 2, "use backprop to chart dependencies".
    """
    if not model.trainable_variables:
        return _nothing_to_train(model)
    if has_own_step(model) or probe.y is None:
        msg = "the gradient of the loss is not what the model is trained by"
        raise NotApplicable(msg)
    some = sample.take(slice(0, int(rows)))
    try:
        gradients, paths = _gradients(model, probe), weight_paths(model)
    except NotApplicable as reason:
        return refused_step(model, some, fit, reason)
    broken = [p for p, g in zip(paths, gradients, strict=True) if not _is_finite(g)]
    if broken:
        return _not_finite(broken)
    silent = _silent(model, gradients)
    learned = silent and _has_learned(model, some, task)
    cut = _cut_off(model, probe, some, task, silent) if silent and not learned else set()
    if cut:
        return _no_gradient([paths[i] for i in sorted(cut)], len(paths), len(some))
    trial = {
        "steps": int(np.clip((fit.steps_per_epoch or 1) * fit.epochs, 50, int(steps))),
        "batch_size": len(probe),
    }
    if frozen := untrained_verdict(model, some, task, **trial):
        return frozen
    ratio = first_to_largest(model, gradients)
    if (ratio < suspect or shares_out(model, task)) and not silent:
        vanishing = vanishing_verdict(model, some, task, ratio, **trial)
        if vanishing:
            return vanishing
    unused = ", ".join(paths[i] for i in sorted(silent)[:5])
    note = f"; zero at the start, or without effect on the loss: {unused}" if silent else ""
    return passed(f"every kernel that matters gets a gradient{note}", measured=0.0)


def _has_learned(model: Any, rows: Batch, task: Task) -> bool:
    """Whether the loss is at its floor already, where every gradient is zero."""
    try:
        return skill(model, task, rows) > 0.9
    except NotApplicable:
        return False


def _is_finite(gradient: Any) -> bool:
    return gradient is None or bool(np.all(np.isfinite(gradient)))


def _nothing_to_train(model: Any) -> Result:
    if not model.weights:
        msg = "the model has no weights"
        raise NotApplicable(msg)
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


def _not_finite(paths: list[str]) -> Result:
    return failed(
        f"the gradient of {len(paths)} weight(s) is NaN or infinite before any training",
        measured=float(len(paths)),
        expected=0.0,
        unit="weights",
        where=", ".join(paths[:5]),
        cause="An op without a finite gradient (log or sqrt of 0, 0/0), or an overflow.",
        fix=Fix(text="Keep arguments away from 0.", code="keras.ops.log(x + 1e-7)"),
    )


def _no_gradient(paths: list[str], count: int, rows: int) -> Result:
    where = ", ".join(paths[:5])
    return failed(
        f"{len(paths)} of {count} trainable weights change the predictions but get no gradient "
        f"from {rows} rows; expected one for each kernel",
        measured=float(len(paths)),
        expected=0.0,
        unit="weights",
        where=where,
        cause="The path to the loss is cut by an op without gradient (stop_gradient, argmax, "
        "round, a clip), or the units are all dead.",
        fix=Fix(
            text=f"Remove the op without gradient between {where} and the loss, or set the "
            "layer's trainable=False if it is meant.",
            code="keras.ops.softmax(x)  # not keras.ops.argmax(x)",
        ),
    )
