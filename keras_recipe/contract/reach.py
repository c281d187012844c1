"""How far a training can carry an output at all: its rate times its steps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.backend import current
from keras_recipe.contract.culprits import array, assigned
from keras_recipe.data.batch import Batch
from keras_recipe.loss import predict
from keras_recipe.subject import FitSettings

_O = keras.optimizers
#: A step moves each weight by about the rate, however large the gradient is.
BOUNDED = (_O.Adam, _O.AdamW, _O.Adamax, _O.Nadam, _O.Lion, _O.RMSprop, _O.Adagrad)
SAMPLED = 256  # points at which a schedule is read
STRIDES = 8


def travel(model: Any, fit: FitSettings) -> float | None:
    """Return how far one weight can move in the whole training, about; None if not known.

    Adaptive optimizers divide the gradient by its size, so that the rate bounds the step.
    Not known for others, and where the number of epochs was not given.
    """
    optimizer = model.optimizer
    if not isinstance(optimizer, BOUNDED) or fit.epochs < 2 or not fit.steps_per_epoch:
        return None
    steps = fit.epochs * fit.steps_per_epoch
    rate = optimizer.get_config().get("learning_rate")
    if isinstance(rate, int | float):
        return float(rate) * steps
    try:
        schedule = keras.optimizers.schedules.deserialize(rate)
        at = np.linspace(0, steps - 1, SAMPLED).astype("int64")
        rates = [float(keras.ops.convert_to_numpy(schedule(int(step)))) for step in at]
    except (TypeError, ValueError):
        return None
    return float(np.mean(rates)) * steps


def furthest_mean(model: Any, index: int, probe: Batch, distance: float) -> np.ndarray:
    """Return the mean output after a whole training whose steps all go the same way.

    The way of each weight, `distance`, is gone in a few strides along the sign of its
    gradient: further than a real training gets, whose steps are no longer than the rate and
    do not all agree.

    Args:
        model: A built, compiled model; it is put back.
        index: Place of the output among the flattened outputs.
        probe: Rows that give the direction and are predicted.
        distance: Way of each weight, from `travel`.

    Returns:
        The mean over rows of the output, shape `(...)`.
    """
    variables = model.trainable_variables
    with assigned([(variable, array(variable)) for variable in variables]):
        for _ in range(STRIDES):
            _, gradients = current().weight_gradients(model, *probe.parts())
            for variable, gradient in zip(variables, gradients, strict=True):
                if gradient is not None:
                    step = distance / STRIDES * np.sign(np.nan_to_num(gradient))
                    variable.assign((array(variable) - step).astype("float32"))
        outputs = keras.tree.flatten(predict(model, probe.x))
    return np.asarray(outputs[index], dtype="float64").mean(0)
