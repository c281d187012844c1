from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.statistics import Statistics
from keras_recipe.experiments.references import vectors
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import LossUndefined, predict
from keras_recipe.task import Head, Task

_CLASSIFIED = ("binary", "multiclass")


def _rows(head: Head, outputs: Any, y: Any) -> tuple[str, np.ndarray]:
    """Return a metric's name and its value for each row of some predictions."""
    said, right = np.asarray(outputs, "float64"), vectors(head, y, np.shape(outputs))
    if head.kind not in _CLASSIFIED:
        return "absolute error", np.abs(said - right).reshape(len(said), -1).mean(1)
    if head.units > 1:
        same = said.argmax(-1) == right.argmax(-1)
    else:
        raw = head.activation in ("linear", "tanh")
        same = (said > (0.0 if raw else 0.5)) == (right > 0.5)
    return "accuracy", same.reshape(len(said), -1).mean(1)


@check("KR216", cost="forward")
def whole_test_set(
    model: Any,
    task: Task,
    fit: FitSettings,
    validation: Batch,
    validation_statistics: Statistics,
    trained: bool,  # noqa: FBT001
    *,
    share: float = 1.0,
) -> Result:
    """Each validation goes over the whole validation set.

    Why:
        A few batches of it are cheaper and jump about: the noise of their mean is taken for
        progress, and smoothing hides it. The standard error says which change means anything.
    Fix:
        Leave `validation_steps` out; validate every few epochs if it takes long.
    Tune:
        share: Share of the validation rows that each validation must see.
    Source:
        Karpathy 2019, stage 2, "add significant digits to your eval". Standard error of the
        metric: deviation over rows divided by the root of their number; of an accuracy before
        training, the widest there is (at one half).
    """
    rows = validation_statistics.rows
    steps = fit.validation_steps
    seen = rows if steps is None else min(rows, steps * fit.validation_batch_size)
    heads = [head for head in task.heads if head.target is not None and head.kind != "unknown"]
    if not heads or validation.y is None:
        msg = "it is not known what the validation rows should be"
        raise NotApplicable(msg)
    head, targets = heads[0], leaves(validation.y)
    if head.target is None or head.target >= len(targets):
        msg = "the validation rows have no targets for the output"
        raise NotApplicable(msg)
    try:
        outputs = leaves(predict(model, validation.x))[head.index]
        name, values = _rows(head, outputs, targets[head.target])
    except LossUndefined as error:
        raise NotApplicable(str(error)) from error
    spread = float(values.std())
    if not trained and name == "accuracy":
        spread = 0.5
    errors = [spread / max(n, 1) ** 0.5 for n in (rows, seen)]
    level = f"{name} {values.mean():.3g}" if trained else f"an {name}"
    fields: dict[str, Any] = {
        "measured": seen / max(rows, 1),
        "expected": 1.0,
        "unit": "share of the validation rows",
        "where": "validation",
        "evidence": {"rows": rows, "seen": seen, "standard_error": errors[1], "metric": name},
    }
    if seen >= share * rows:
        text = f"each validation sees all {rows} rows: {level} has a standard error of"
        return passed(f"{text} {errors[0]:.2g}", **fields)
    return warned(
        f"each validation sees {seen} of {rows} rows: {level} has a standard error of "
        f"{errors[1]:.2g}; with all of them {errors[0]:.2g}",
        cause=f"validation_steps={steps} ends it early.",
        fix=Fix(
            text="Validate on the whole set, less often if it takes long.",
            code="model.fit(..., validation_data=data, validation_freq=5)",
        ),
        **fields,
    )
