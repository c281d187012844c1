from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.experiments.references import references, same_inputs
from keras_recipe.experiments.trial import has_own_step, train
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import predict
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
    probe: Batch,
    task: Task,
    fit: FitSettings,
    *,
    most_steps: int = 60,
    least_gain: float = 0.02,
    same: float = 1e-6,
    seconds: float = 15.0,
) -> Result:
    """Training on the real inputs gives a lower loss than is possible without them.

    Why:
        If a net is no better than the best prediction that is the same for every sample, it
        takes nothing from its input: a dead layer, a constant pipeline, or labels that do not
        belong to it.
    Fix:
        Follow one sample from the file to the first layer; look for dead or constant layers.
    Tune:
        most_steps: Steps of a training.
        least_gain: Gain of the real inputs, as a share of the way from the best constant's
            loss to the lowest reachable one, that ends the training; without it, and with the
            whole plan done, it WARNs.
        same: Spread of the predictions over the samples, relative to their size, under which
            they are the same for every sample and it FAILs; float32 resolves 1e-7.
        seconds: Time after which a training takes no further steps.
    Source:
        Karpathy 2019, stage 2, "input-independent baseline". What training without inputs
        would reach at best is known: the loss of the best constant. Only a net that does not
        reach it is trained once more, with one sample's inputs in place of all.
    """
    if sample.y is None or not model.trainable_variables:
        msg = "there is nothing to fit"
        raise NotApplicable(msg)
    rows = sample.take(slice(0, 256))
    planned = (fit.steps_per_epoch or most_steps) * fit.epochs
    steps = int(min(planned, most_steps))
    floor, constant = references(model, task, rows, predict(model, rows.x), by_place=True)
    if not constant > floor:
        msg = "the labels do not vary, or the loss has no floor"
        raise NotApplicable(msg)
    target = constant - least_gain * (constant - floor)
    blind = rows.with_x(mapped(lambda a: np.repeat(a[:1], len(a), axis=0), rows.x))
    often = max(most_steps // 4, 1)
    with without_regularization(model):
        with preserve(model):
            limits: dict[str, Any] = {"every": often, "target": target, "seconds": seconds}
            real = train(model, rows, steps=steps, batch_size=len(probe), **limits)
            spread, done = _spread(predict(model, rows.x)), real.steps[-1]
        without = constant
        if real.best > target:
            once = train(model, blind, steps=done, batch_size=len(probe), every=max(done, 1))
            without = once.best
    text = (
        f"after {done} steps the loss is {real.best:.3g}; without the inputs "
        f"{without:.3g} {'is the best possible' if without == constant else 'was reached'}"
    )
    gain = (without - real.best) / (constant - floor)
    fields: dict[str, Any] = {
        "measured": real.best,
        "expected": without,
        "unit": "loss",
        "evidence": {"gain": gain, "spread": spread, "constant": constant, "floor": floor},
    }
    if real.best <= target:
        return passed(text, **fields)
    moved, differ = len(set(real.losses)) > 1, len(set(same_inputs(rows).tolist())) > 1
    if moved and differ and spread < same:
        verdict = warned if has_own_step(model) else failed
        return verdict(
            f"{text}; the predictions are the same for every sample",
            cause="A layer is dead or constant, so nothing of the input reaches the output.",
            fix=Fix(text="Look at the activations layer by layer (KR220) for the dead one."),
            **fields,
        )
    learned = without < constant + 0.1 * (constant - floor)
    if gain < least_gain and learned and planned <= done:
        return warned(
            f"{text}; expected the real inputs to help",
            cause="The inputs say little about the labels, or the rate is far too low.",
            fix=Fix(text="Check that rows of x and y belong together, and the learning rate."),
            **fields,
        )
    return passed(f"{text}; {planned} steps are planned", **fields)
