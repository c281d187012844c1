import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import keras

from keras_recipe.contract.split_classes import missing_classes
from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.data.refitting import with_settings
from keras_recipe.data.statistics import Statistics
from keras_recipe.experiments.updates import Updates, few_updates
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task


def _batch_of_one(model: Any, fit: FitSettings, rows: int) -> Result | None:
    """Judge batch normalization over batches of one row: the mean is the row itself."""
    if min(fit.batch_size, rows) > 1:
        return None
    for path, layer in walk(model):
        kernel = getattr(layer, "gamma", None)
        beside = getattr(layer, "input_spec", None)
        axes = getattr(beside, "ndim", None)
        if not isinstance(layer, keras.layers.BatchNormalization) or not layer.trainable:
            continue
        if axes == 2 and kernel is not None:
            return failed(
                f"batches hold 1 row, and {path} normalises over the batch: every unit minus "
                "its own mean is 0, whatever the row",
                measured=1.0,
                expected=32.0,
                unit="rows a batch",
                where=path,
                cause="With one row a batch nothing passes this layer in training.",
                fix=Fix(
                    text="Take batches of 16 rows or more.",
                    code="model.fit(batch_size=32)",
                    data=partial(with_settings, batch_size=32),
                ),
            )
    return None


def _too_few_updates(found: Updates, fit: FitSettings) -> Result:
    return failed(
        f"{found.planned} updates of {fit.batch_size} rows reach {found.reached:.0%} of what "
        f"can be learned; batches of {found.batch_size} reach {found.possible:.0%} in the same "
        f"{fit.epochs} epochs",
        measured=found.reached,
        expected=found.possible,
        unit="share of what can be learned",
        where="batch_size",
        cause=f"Each epoch is {fit.steps_per_epoch} updates: the batch is too large for this "
        "many rows and epochs.",
        fix=Fix(
            text="Take smaller batches, or more epochs.",
            code=f"model.fit(x, y, batch_size={found.batch_size}, epochs={fit.epochs})",
            data=partial(with_settings, batch_size=found.batch_size),
            tried={
                "before": found.reached,
                "after": found.possible,
                "unit": "share of what can be learned",
                "steps": found.steps,
            },
        ),
    )


@check("KR113", cost="forward", requires=("KR101",))
def split_size(
    model: Any,
    splits: Mapping[str, Statistics],
    sample: Batch,
    task: Task,
    fit: FitSettings,
    seed: int,
    *,
    coarse: float = 0.1,
    level: float = 1e-4,
    share: float = 0.01,
    large: float = 0.1,
    most_updates: int = 100,
    least: float = 0.4,
    ratio: float = 0.5,
    seconds: float = 10.0,
) -> Result:
    """Every split is large enough for its purpose, holds every class, and gives enough updates.

    Why:
        A metric on 30 rows moves by 9 points by chance. A class that is missing in training
        cannot be learned, one missing in validation is not measured. And one batch of all rows
        is one update an epoch.
    Fix:
        Hold out more rows or use cross-validation; split by class (stratify); take smaller
        batches.
    Tune:
        coarse: Standard error of the accuracy, 0.5 / sqrt(rows), above which it WARNs: 25 rows.
        level: Largest probability that rows drawn at random would lack a class; above it the
            class is merely rare.
        share: Share of the other split that such a class must have for a FAIL.
        large: Rows a batch over rows in all from which on the number of updates is questioned.
        most_updates: Updates in the whole training up to which it is.
        least: Share of what can be learned that smaller batches must reach in the same epochs
            for a FAIL.
        ratio: Share of that under which the batches as they are must stay for a FAIL.
        seconds: No second training is started that would take longer.
    Source:
        Karpathy 2019, stage 1 and stage 2, "add significant digits to your eval"; Masters and
        Luschi 2018 for small batches. Updates are judged by training the model twice, with the
        planned batches and with smaller ones, and put back.
    """
    rows = splits["training"].rows
    found = _batch_of_one(model, fit, rows) or missing_classes(task, splits, level, share)
    if found:
        return found
    held = splits.get("validation")
    error = 0.5 / math.sqrt(held.rows) if held else 0.0
    fields: dict[str, Any] = {"measured": error, "unit": "standard error of the accuracy"}
    planned = (fit.steps_per_epoch or 1) * fit.epochs
    questioned = fit.batch_size >= large * rows and planned <= most_updates and fit.epochs > 1
    if questioned and rows >= 64 and sample.y is not None:
        tried = few_updates(
            model, task, sample, fit, seed=seed, seconds=seconds, least=least, ratio=ratio
        )
        if tried is not None:
            return _too_few_updates(tried, fit)
    classes = max((h.classes for h in task.heads if h.kind == "multiclass"), default=0)
    if any(h.structure == "sample" for h in task.heads) and rows < classes:
        return warned(  # a table to be known by heart (the next letter) has a row a class
            f"there are {rows} training rows for {classes} classes; expected several a class",
            measured=float(rows),
            expected=float(classes),
            unit="rows",
            cause="Most of the rows were lost on the way, the head has too many units, or "
            "every row is to be known by heart.",
            fix=Fix(text="Look at the number of rows right before fit.", code="x.shape"),
        )
    if held is None:
        return passed(f"{rows} training rows; nothing is held out by fit", **fields)
    text = (
        f"{held.rows} validation rows: an accuracy is known to ±{error:.1%} (standard error "
        "at 50 %)"
    )
    if error > coarse:
        return warned(
            f"{text}; expected ±{coarse:.0%} or less",
            expected=coarse,
            where="validation",
            cause="Few rows were held out.",
            fix=Fix(
                text="Hold out more rows, or average over several splits.",
                code="sklearn.model_selection.StratifiedKFold(5)",
            ),
            **fields,
        )
    return passed(text, **fields)
