from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.overfit import Outcome, few_examples, overfit
from keras_recipe.loss import predict
from keras_recipe.subject import FitSettings
from keras_recipe.surgery.toggles import without_regularization
from keras_recipe.task import Task


def _shown(value: Any) -> str:
    flat = np.asarray(value, "float64").ravel()
    text = " ".join(f"{v:.3g}" for v in flat[:10])
    return f"{text} …" if flat.size > 10 else text


def _pictures(model: Any, rows: Batch, outcome: Outcome) -> list[dict[str, Any]]:
    """Label beside prediction for each example, and the loss on its way down."""
    made: list[dict[str, Any]] = [
        {
            "kind": "curves",
            "title": "Loss of the few examples",
            "x": list(outcome.steps),
            "series": {
                "loss": [float(v) for v in outcome.losses],
                "best constant": [outcome.constant] * len(outcome.losses),
                "lowest reachable": [outcome.floor] * len(outcome.losses),
            },
            "xlabel": "step",
            "ylabel": "loss",
        }
    ]
    x, y = leaves(rows.x), leaves(rows.y)
    if len(x) == 1 and len(y) == 1 and x[0].dtype.kind in "biuf":
        kinds = {2: "row", 3: "series", 4: "image"}
        is_tokens = x[0].ndim == 2 and x[0].dtype.kind in "iu"
        outputs = leaves(predict(model, rows.x))[0]
        made.insert(
            0,
            {
                "kind": "examples",
                "title": "Label and prediction after training on these examples alone",
                "inputs": np.asarray(x[0], "float64").tolist() if x[0][0].size < 20_000 else [],
                "inputs_kind": "tokens" if is_tokens else kinds.get(x[0].ndim, "row"),
                "labels": [_shown(v) for v in y[0]],
                "predictions": [_shown(v) for v in outputs],
            },
        )
    return made


@check("KR209", cost="train", requires=("KR101", "KR203"))
def overfit_one_batch(
    model: Any,
    probe: Batch,
    task: Task,
    fit: FitSettings,
    *,
    examples: int = 8,
    most_steps: int = 400,
    least_steps: int = 200,
    goal: float = 0.9,
    hopeless: float = 0.5,
    seconds: float = 15.0,
) -> Result:
    """A few examples can be learned by heart with the model's own loss and optimizer.

    Why:
        A net that cannot fit eight examples will not fit eight thousand. What stands in its
        way (labels, loss, rate, dead units) is easiest to see here.
    Fix:
        See which single change mended it; otherwise look at head, loss, rate and inputs.
    Tune:
        examples: Most examples; fewer where the model has few weights, since a line cannot
            pass through eight points.
        most_steps: Steps given when the plan has more.
        least_steps: Steps given when the plan has fewer.
        goal: Share of the way from the best constant's loss to the lowest reachable loss to
            PASS; torchtest2 asks for 0.9 of the starting loss in 200 steps.
        hopeless: Share under which it FAILs, if the loss has risen or stopped falling.
        seconds: Time after which no further steps are taken; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 2, "overfit one batch"; lowest reachable loss: the model's own
        loss of the labels, averaged over examples with equal inputs.
    """
    if probe.y is None or not model.trainable_variables:
        msg = "there is nothing to fit"
        raise NotApplicable(msg)
    rows = few_examples(model, task, probe, int(examples))
    planned = (fit.steps_per_epoch or most_steps) * fit.epochs
    steps = int(np.clip(planned, least_steps, most_steps))
    with without_regularization(model):
        outcome = overfit(model, rows, task, steps=steps, seconds=seconds, goal=goal)
    if not np.isfinite(outcome.explained):
        msg = "these examples all have the same label or a loss without a floor"
        raise NotApplicable(msg)
    explained = outcome.explained
    text = (
        f"after {outcome.steps[-1]} steps on {len(rows)} examples the loss is "
        f"{outcome.best:.3g}; the best constant has {outcome.constant:.3g} and "
        f"{outcome.floor:.3g} can be reached"
    )
    fields: dict[str, Any] = {
        "measured": outcome.best,
        "expected": outcome.floor,
        "unit": "loss",
        "evidence": {
            "steps": list(outcome.steps),
            "losses": [float(v) for v in outcome.losses],
            "explained": explained,
            "planned_steps": planned,
        },
        "pictures": _pictures(model, rows, outcome),
    }
    if explained >= goal:
        return passed(text, **fields)
    fix = Fix(text="Look at head and loss, learning rate, input scale and dead units, in turn.")
    if explained < hopeless and outcome.finished and (outcome.is_flat or outcome.has_risen):
        cause = "Something between the labels and the weights is wrong, or the rate is."
        return failed(f"{text}: it cannot be overfitted", cause=cause, fix=fix, **fields)
    if outcome.is_flat:
        return warned(f"{text}, and it has stopped falling", fix=fix, **fields)
    return passed(f"{text}, and it is still falling", **fields)
