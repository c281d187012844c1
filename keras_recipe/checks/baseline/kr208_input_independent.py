from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.experiments.overfit import references
from keras_recipe.experiments.trial import Curve, train
from keras_recipe.loss import predict
from keras_recipe.subject import FitSettings
from keras_recipe.surgery.preserve import preserve
from keras_recipe.surgery.toggles import without_regularization
from keras_recipe.task import Task


def _spread(outputs: Any) -> float:
    """Return how much predictions differ between samples, relative to their size."""
    found = [0.0]
    for leaf in leaves(outputs):
        values = np.asarray(leaf, "float64")
        size = max(float(np.abs(values).max()), 1e-30)
        found.append(float(np.std(values, axis=0).max()) / size)
    return max(found)


@check("KR208", cost="train", requires=("KR101", "KR203"))
def input_independent(
    model: Any,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    *,
    most_steps: int = 60,
    least_gain: float = 0.01,
    same: float = 1e-6,
) -> Result:
    """Training on the real inputs gives a lower loss than training without them.

    Why:
        If the loss is the same when every sample has the same input, the net takes nothing
        from its input: a dead layer, a constant pipeline, or labels that do not belong to it.
    Fix:
        Follow one sample from the file to the first layer; look for dead or constant layers.
    Tune:
        most_steps: Steps of each of the two trainings.
        least_gain: Gain of the real inputs, as a share of the way from the best constant's
            loss to the lowest reachable one, under which it WARNs.
        same: Spread of the predictions over the samples, relative to their size, under which
            they are the same for every sample and it FAILs.
    Source:
        Karpathy 2019, stage 2, "input-independent baseline". One sample's inputs stand in for
        zeros, since they are valid for token ids and masks too.
    """
    if sample.y is None or not model.trainable_variables:
        msg = "there is nothing to fit"
        raise NotApplicable(msg)
    rows = sample.take(slice(0, 256))
    blind = rows.with_x(mapped(lambda a: np.repeat(a[:1], len(a), axis=0), rows.x))
    planned = (fit.steps_per_epoch or most_steps) * fit.epochs
    steps, size = int(min(planned, most_steps)), min(fit.batch_size, len(rows))
    floor, constant = references(model, task, rows, predict(model, rows.x))
    if not constant > floor:
        msg = "the labels do not vary"
        raise NotApplicable(msg)
    with without_regularization(model):
        with preserve(model):
            without = _trained(model, blind, steps, size)
        real = _trained(model, rows, steps, size)
        spread = _spread(predict(model, rows.x))
    gain = (min(without.best, constant) - real.best) / (constant - floor)
    text = (
        f"after {steps} steps the loss is {real.best:.3g} with the real inputs and "
        f"{without.best:.3g} with one input for all"
    )
    fields: dict[str, Any] = {
        "measured": real.best,
        "expected": without.best,
        "unit": "loss",
        "evidence": {"gain": gain, "spread": spread, "constant": constant, "floor": floor},
    }
    moved = len(set(real.losses)) > 1
    if moved and spread < same and _spread(rows.x) > same:
        return failed(
            f"{text}; the predictions are the same for every sample",
            cause="A layer is dead or constant, so nothing of the input reaches the output.",
            fix=Fix(text="Look at the activations layer by layer (KR220) for the dead one."),
            **fields,
        )
    learned = without.best < constant + 0.1 * (constant - floor)
    if gain < least_gain and learned:
        return warned(
            f"{text}; expected the real inputs to help",
            cause="The inputs say little about the labels, or the rate is far too low.",
            fix=Fix(text="Check that rows of x and y belong together, and the learning rate."),
            **fields,
        )
    return passed(text, **fields)


def _trained(model: Any, rows: Batch, steps: int, size: int) -> Curve:
    return train(model, rows, steps=steps, batch_size=size, every=max(steps, 1))
