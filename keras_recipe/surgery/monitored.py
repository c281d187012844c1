"""What Keras's callbacks watch: a name of the logs, of which lower or higher is better."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

import keras

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.loss import tensors

_METRICS = keras.metrics
#: Keras's metrics of which more is better, with all that is derived from them.
HIGHER = (
    _METRICS.Accuracy,
    _METRICS.BinaryAccuracy,
    _METRICS.CategoricalAccuracy,
    _METRICS.SparseCategoricalAccuracy,
    _METRICS.TopKCategoricalAccuracy,
    _METRICS.SparseTopKCategoricalAccuracy,
    _METRICS.AUC,
    _METRICS.Precision,
    _METRICS.Recall,
    _METRICS.PrecisionAtRecall,
    _METRICS.RecallAtPrecision,
    _METRICS.SensitivityAtSpecificity,
    _METRICS.SpecificityAtSensitivity,
    _METRICS.FBetaScore,
    _METRICS.IoU,
    _METRICS.MeanIoU,
    _METRICS.R2Score,
)
#: Those of which less is better.
LOWER = (
    _METRICS.MeanSquaredError,
    _METRICS.RootMeanSquaredError,
    _METRICS.MeanAbsoluteError,
    _METRICS.MeanAbsolutePercentageError,
    _METRICS.MeanSquaredLogarithmicError,
    _METRICS.LogCoshError,
    _METRICS.BinaryCrossentropy,
    _METRICS.CategoricalCrossentropy,
    _METRICS.SparseCategoricalCrossentropy,
    _METRICS.KLDivergence,
    _METRICS.Poisson,
    _METRICS.Hinge,
    _METRICS.SquaredHinge,
    _METRICS.CategoricalHinge,
)
STOPS, SAVES = "EarlyStopping", "ModelCheckpoint"


def _listed(callbacks: Any) -> list[Any]:
    known = getattr(callbacks, "callbacks", callbacks)  # a CallbackList holds them
    return [one for one in keras.tree.flatten(known or []) if one is not None]


def may_add_logs(callbacks: Any) -> bool:
    """Whether some callback may write names of its own into the logs."""
    own = keras.callbacks.LambdaCallback
    return any(
        isinstance(one, own) or not type(one).__module__.startswith(("keras.", "keras_recipe."))
        for one in _listed(callbacks)
    )


def logged_names(model: Any, rows: Batch, outputs: Any) -> set[str]:
    """Return the names that an epoch of `fit` logs, those of validation without their prefix.

    Metric states move: call it under `preserve`.

    Args:
        model: A built, compiled model.
        rows: A few rows.
        outputs: What the model says of them.

    Returns:
        Nothing where the model's own code decides it.
    """
    own = ("train_step", "test_step", "compute_metrics", "get_metrics_result")
    if any(getattr(type(model), name) is not getattr(keras.Model, name) for name in own):
        return set()
    if rows.y is None or len(leaves(outputs)) > 1:  # losses of each output are logged, too
        return set()
    with suppress(Exception):  # a metric of the user's own; `fit` will say so
        x, y, weights = (tensors(part) for part in rows.parts())
        model.reset_metrics()
        found = model.compute_metrics(x, y, tensors(outputs), sample_weight=weights)
        return {"loss", *(str(name) for name in found)}
    return set()


def better(model: Any, name: str) -> str:
    """Return which values of a log are better, `"min"` or `"max"`; "" where not known."""
    if type(model).train_step is not keras.Model.train_step:
        return ""
    name = name.removeprefix("val_")
    heads = getattr(model, "output_names", None) or []
    if name in ("loss", *(f"{head}_loss" for head in heads)):
        return "min"
    found = set()
    for metric in model.metrics:
        for one in getattr(metric, "metrics", None) or [metric]:
            if name == one.name or name.endswith(f"_{one.name}"):
                kinds = (("max", HIGHER), ("min", LOWER))
                found.add(next((way for way, kind in kinds if isinstance(one, kind)), ""))
    return found.pop() if len(found) == 1 else ""


def monitored(
    model: Any, callbacks: Any, names: Collection[str], *, validated: bool | None
) -> list[dict[str, Any]]:
    """Return what each of Keras's callbacks that watch a log does, as plain data.

    Args:
        model: A compiled model whose metrics are built.
        callbacks: As `fit` takes them.
        names: What is logged, without the prefix of validation; empty: not known.
        validated: Whether there is a validation; None: not known.

    Returns:
        For each the `kind`, the `monitor`, its `mode`, which values are `better` ("" where
        not known), whether it is `logged` (None: not known), whether there is a `validation`;
        of `EarlyStopping` also `patience`, whether it `restores`, `start` and, once it has
        stopped a fit, `stopped`, the epoch.
    """
    return [
        {
            **_facts(one),
            "better": better(model, one.monitor),
            "logged": _is_logged(one.monitor, names, validated=validated),
            "validation": validated,
        }
        for one in _watching(_listed(callbacks))
    ]


def _watching(callbacks: Iterable[Any]) -> Iterable[Any]:
    """Yield the callbacks that a log decides about."""
    kinds = keras.callbacks
    for one in callbacks:
        best = isinstance(one, kinds.ModelCheckpoint) and one.save_best_only
        if best or isinstance(one, kinds.EarlyStopping | kinds.ReduceLROnPlateau):
            yield one


def _facts(one: Any) -> Mapping[str, Any]:
    known = {"kind": type(one).__name__, "monitor": str(one.monitor), "mode": str(one.mode)}
    if isinstance(one, keras.callbacks.ModelCheckpoint):
        return {**known, "kind": SAVES}
    if not isinstance(one, keras.callbacks.EarlyStopping):
        return known
    return {
        **known,
        "kind": STOPS,
        "patience": int(one.patience),
        "restores": bool(one.restore_best_weights),
        "start": int(one.start_from_epoch),
        "stopped": int(one.stopped_epoch) or None,
    }


def _is_logged(name: str, names: Collection[str], *, validated: bool | None) -> bool | None:
    base = name.removeprefix("val_")
    if not names or base.startswith("learning_rate"):
        return None
    if base not in names:
        return False
    return True if base == name else validated
