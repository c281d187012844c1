from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.experiments.references import references
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import advance
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import data_loss, tensors
from keras_recipe.surgery.batch_norm import lower_momentum, normalizations
from keras_recipe.surgery.dropout import rates
from keras_recipe.surgery.families import is_of_keras
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.output_dropout import dropped_outputs, keep_outputs
from keras_recipe.task import Task

_NEVER_ZERO = ("linear", "softmax", "sigmoid", "tanh", "softplus", "exponential")
_SWIFT = 0.9  # momentum: initial values are gone (1 %) after 44 steps
#: Rate up to which dropout in every prediction costs little: one prediction of digits at 0.15
#: was right 98 times in 100, and two layers of 0.5 cost it more than 8.
SMALL = 0.25
_LEAST_PLAN = 100  # steps; a shorter plan may be a default


def _training_outputs(model: Any, x: Any) -> Any:
    return mapped(keras.ops.convert_to_numpy, model(tensors(x), training=True))


def _dropped(model: Any, probe: Batch, task: Task, inference: Any) -> tuple[str, float]:
    """Return the output whose values are zeroed at random in training mode, and the share."""
    doubtful = [h for h in task.heads if not h.sure and h.activation in _NEVER_ZERO]
    if not doubtful or not rates(model):
        return "", 0.0
    before, after = leaves(inference), leaves(_training_outputs(model, probe.x))
    for head in doubtful:
        was, now = np.asarray(before[head.index]), np.asarray(after[head.index])
        zeroed = (now == 0) & (np.abs(was) > 1e-6)
        if zeroed.mean() > 0.02:
            return head.name, float(zeroed.mean())
    return "", 0.0


@check("KR217", cost="forward")
def train_inference_gap(
    model: Any,
    probe: Batch,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    *,
    worst_ratio: float = 3.0,
    least_gap: float = 0.2,
    most_steps: int = 400,
) -> Result:
    """Predictions are the same at every call, and the model predicts as well as it trains.

    Why:
        Dropout that stays on when predicting, dropout on the predictions themselves, or moving
        statistics that lag behind the weights make a trained model worse than it is.
    Fix:
        Let Keras pass `training`; drop hidden units, never outputs; lower BatchNormalization's
        momentum or train longer.
    Tune:
        worst_ratio: Largest loss in inference mode relative to training mode, once trained;
            no unit. TheDeepChecker alarms at 1.5; BatchNormalization on small batches alone
            reaches 2.
        least_gap: Smallest such gap that counts, as a share of the way from the best
            constant's loss to the lowest reachable one; it FAILs where the share of right
            answers is as far behind too, else it WARNs.
        most_steps: Steps of the trial given to BatchNormalization whose moving statistics
            would still be mostly initial values (momentum to the power of the planned steps
            above 0.5) when the plan ends.
    Source:
        Karpathy 2019, stage 2; TheDeepChecker (Ben Braiek and Khomh 2022). Predictions that
        differ WARN in a model that adds a loss of its own: a variational code (Kingma and
        Welling 2014) draws on purpose.
    """
    if any(getattr(layer, "stateful", False) for _, layer in walk(model)):
        msg = "a stateful layer carries its state from call to call"
        raise NotApplicable(msg)
    base = model.predict_on_batch(probe.x)
    again = model.predict_on_batch(probe.x)
    jitter = max(
        float(np.max(np.abs(np.asarray(a, "float64") - np.asarray(b, "float64"))))
        for a, b in zip(leaves(base), leaves(again), strict=True)
    )
    if jitter > 0:
        return _noisy(model, probe, jitter)
    output, share = _dropped(model, probe, task, base)
    if output:
        paths = sorted({one.path for one in dropped_outputs(model, probe.x)})
        return failed(
            f"in training mode {share:.0%} of the predictions are set to zero; expected none",
            measured=share,
            expected=0.0,
            unit="share of predictions",
            where=f"output {output}",
            cause="Dropout acts on the output layer, so the loss sees zeroed predictions.",
            fix=Fix(
                text="Move dropout before the output layer, or leave it out.",
                code="model = keras.Sequential([..., keras.layers.Dropout(0.5), output_layer])",
                action=partial(keep_outputs, paths=paths) if paths else None,
            ),
        )
    norms = normalizations(model)
    if probe.y is None or not norms:
        return passed("predictions are the same at every call", measured=0.0, expected=0.0)
    planned = (fit.steps_per_epoch or 1) * fit.epochs
    slowest = max(float(layer.momentum) for _, layer in norms)
    lags = planned >= _LEAST_PLAN and slowest**planned > 0.5
    if lags:
        advance(model, sample, min(planned, int(most_steps)), len(probe))
    elif int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 0:
        return passed("predictions are the same at every call", measured=0.0, expected=0.0)
    return _after_training(model, probe, task, worst_ratio, least_gap)


def _noisy(model: Any, probe: Batch, jitter: float) -> Result:
    """Return the finding on predictions that differ.

    It is meant where a prior is to be matched, and may be meant where a dropout class of the
    user's own draws on at a small rate: Monte Carlo dropout (Gal and Ghahramani 2016).
    """
    model(tensors(probe.x))  # called here, so that `add_loss` can be read
    layers = [layer for _, layer in walk(model)]
    penalties = [v for v in model.trainable_variables if getattr(v, "regularizer", None)]
    penalties += [layer for layer in layers if getattr(layer, "activity_regularizer", None)]
    own = [x.rate for x in layers if isinstance(x, keras.layers.Dropout) and not is_of_keras(x)]
    meant = bool(own) and max(own) <= SMALL
    verdict = warned if meant or len(model.losses) > len(penalties) else failed
    return verdict(
        f"two predictions of the same rows differ by up to {jitter:.2g}; expected no "
        "difference in inference mode",
        measured=jitter,
        expected=0.0,
        unit="output",
        where=_noisy_layers(model),
        cause="A layer draws random numbers although training=False, e.g. dropout that is "
        "called with training=True.",
        fix=Fix(
            text="Pass `training` on as it comes in instead of forcing it to True.",
            code="x = self.dropout(x, training=training)",
        ),
    )


def _noisy_layers(model: Any) -> str:
    names = [path for path, layer in walk(model) if "dropout" in type(layer).__name__.lower()]
    return ", ".join(names[:5])


def _after_training(
    model: Any, probe: Batch, task: Task, worst_ratio: float, least_gap: float
) -> Result:
    base = model.predict_on_batch(probe.x)
    floor, constant = references(model, task, probe, base)
    inference = data_loss(model, probe, base)
    trained = _training_outputs(model, probe.x)
    training = data_loss(model, probe, trained)
    if not np.isfinite([inference, training, constant - floor]).all():
        msg = "the loss is not finite"
        raise NotApplicable(msg)
    text = f"the loss is {inference:.3g} in inference mode and {training:.3g} in training mode"
    fields: dict[str, Any] = {"measured": inference, "expected": training, "unit": "loss"}
    gap = (inference - training) / max(constant - floor, 1e-30)
    if inference - floor <= worst_ratio * (training - floor) or gap <= least_gap:
        return passed(f"{text} on the same rows", **fields)
    slow = max(float(layer.momentum) for _, layer in normalizations(model))
    lost = skill(model, task, probe, trained) - skill(model, task, probe, base)
    verdict = failed if lost > least_gap else warned  # large losses, yet the answers are right
    return verdict(
        f"{text} on the same rows; expected it no higher",
        where=", ".join(path for path, _ in normalizations(model)[:5]),
        cause="BatchNormalization's moving statistics have not caught up with the weights.",
        fix=Fix(
            text="Lower the momentum so that the statistics follow within the steps you train.",
            code=f"keras.layers.BatchNormalization(momentum={_SWIFT})",
            action=partial(lower_momentum, momentum=_SWIFT) if slow > _SWIFT else None,
        ),
        **fields,
    )
