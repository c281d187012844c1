from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.loss import data_loss, tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task

_NEVER_ZERO = ("linear", "softmax", "sigmoid", "tanh", "softplus", "exponential")


def _training_outputs(model: Any, x: Any) -> Any:
    return mapped(keras.ops.convert_to_numpy, model(tensors(x), training=True))


def _dropped(model: Any, probe: Batch, task: Task, inference: Any) -> tuple[str, float]:
    """Return the output whose values are zeroed at random in training mode, and the share."""
    trained = leaves(_training_outputs(model, probe.x))
    for head, before, after in zip(task.heads, leaves(inference), trained, strict=True):
        zeroed = (np.asarray(after) == 0) & (np.abs(np.asarray(before)) > 1e-6)
        if head.activation in _NEVER_ZERO and zeroed.mean() > 0.02:
            return head.name, float(zeroed.mean())
    return "", 0.0


@check("KR217", cost="forward")
def train_inference_gap(
    model: Any, probe: Batch, task: Task, *, worst_ratio: float = 3.0, least_gap: float = 0.5
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
        least_gap: Smallest such gap that counts, in the loss's own unit.
    Source:
        Karpathy 2019, stage 2; TheDeepChecker (Ben Braiek and Khomh 2022).
    """
    base = model.predict_on_batch(probe.x)
    again = model.predict_on_batch(probe.x)
    jitter = max(
        float(np.max(np.abs(np.asarray(a, "float64") - np.asarray(b, "float64"))))
        for a, b in zip(leaves(base), leaves(again), strict=True)
    )
    if jitter > 0:
        return failed(
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
    output, share = _dropped(model, probe, task, base)
    if output:
        return failed(
            f"in training mode {share:.0%} of the predictions are set to zero; expected none",
            measured=share,
            expected=0.0,
            unit="share of predictions",
            where=f"output {output}",
            cause="Dropout acts on the output layer, so the loss sees zeroed predictions.",
            fix=Fix(
                text="Move dropout before the output layer.",
                code="model = keras.Sequential([..., keras.layers.Dropout(0.5), output_layer])",
            ),
        )
    iterations = getattr(getattr(model, "optimizer", None), "iterations", 0)
    if int(keras.ops.convert_to_numpy(iterations)) == 0 or probe.y is None:
        return passed("predictions are the same at every call", measured=0.0, expected=0.0)
    return _after_training(model, probe, base, worst_ratio, least_gap)


def _noisy_layers(model: Any) -> str:
    names = [path for path, layer in walk(model) if "dropout" in type(layer).__name__.lower()]
    return ", ".join(names[:5])


def _after_training(
    model: Any, probe: Batch, base: Any, worst_ratio: float, least_gap: float
) -> Result:
    inference = data_loss(model, probe, base)
    training = data_loss(model, probe, _training_outputs(model, probe.x))
    if not (np.isfinite(inference) and np.isfinite(training)):
        msg = "the loss is not finite"
        raise NotApplicable(msg)
    norms = [
        p for p, layer in walk(model) if isinstance(layer, keras.layers.BatchNormalization)
    ]
    text = f"the loss is {inference:.3g} in inference mode and {training:.3g} in training mode"
    fields: dict[str, Any] = {"measured": inference, "expected": training, "unit": "loss"}
    if inference <= worst_ratio * training or inference - training <= least_gap:
        return passed(f"{text} on the same rows", **fields)
    if not norms:
        return warned(f"{text} on the same rows; expected it no higher", **fields)
    return failed(
        f"{text} on the same rows; expected it no higher",
        where=", ".join(norms[:5]),
        cause="BatchNormalization's moving statistics have not caught up with the weights.",
        fix=Fix(
            text="Lower the momentum so that the statistics follow within the steps you train.",
            code="keras.layers.BatchNormalization(momentum=0.9)",
        ),
        **fields,
    )
