"""How far a training can carry an output at all: its rate times its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_recipe.backend import current
from keras_recipe.contract.culprits import array, assigned
from keras_recipe.data.batch import Batch
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import predict

_O = keras.optimizers
#: A step moves each weight by about the rate, however large the gradient is.
BOUNDED = (_O.Adam, _O.AdamW, _O.Adamax, _O.Nadam, _O.Lion, _O.RMSprop, _O.Adagrad)
#: Rates in the longest step of Adam, (1 - 0.9) / sqrt(1 - 0.999), and of RMSprop's first
#: (Kingma and Ba 2015, section 2.1); reached where gradients grow fast.
LONGEST = 3.2
SAMPLED = 256  # points at which a schedule is read
STRIDES = 48


def travel(model: Any, fit: FitSettings) -> float | None:
    """Return how far one weight can move in the whole training; None if not known.

    Adaptive optimizers divide the gradient by its size, so that the rate bounds the step.
    Not known for others, and where the number of epochs was not given.
    """
    optimizer = model.optimizer
    if not isinstance(optimizer, BOUNDED) or fit.epochs < 2 or not fit.steps_per_epoch:
        return None
    steps = fit.epochs * fit.steps_per_epoch
    rate = optimizer.get_config().get("learning_rate")
    if isinstance(rate, int | float):
        return LONGEST * float(rate) * steps
    try:
        schedule = keras.optimizers.schedules.deserialize(rate)
        at = np.linspace(0, steps - 1, SAMPLED).astype("int64")
        rates = [float(keras.ops.convert_to_numpy(schedule(int(step)))) for step in at]
    except (TypeError, ValueError):
        return None
    return LONGEST * float(np.mean(rates)) * steps


def furthest_mean(
    model: Any,
    index: int,
    probe: Batch,
    distance: float,
    *,
    enough: Callable[[np.ndarray], bool] = lambda _: False,
) -> np.ndarray:
    """Return how far the mean output gets in a training whose steps all go the same way.

    The way of each weight, `distance`, is gone in strides along the sign of its gradient,
    without regard to its size, as an adaptive optimizer at its fastest would. Over 54
    trainings (1 to 4 hidden layers, tanh and relu, goals of 10 to 1e5) none got further while
    short of its goal.

    Args:
        model: A built, compiled model; it is put back.
        index: Place of the output among the flattened outputs.
        probe: Rows that give the direction and are predicted.
        distance: Way of each weight, from `travel`.
        enough: Says of a mean that the rest need not be gone; never by default.

    Returns:
        Mean over rows of the output after each stride, shape `(strides + 1, ...)`.
    """
    variables, means = model.trainable_variables, []

    def mean() -> np.ndarray:
        outputs = keras.tree.flatten(predict(model, probe.x))
        return np.asarray(outputs[index], dtype="float64").mean(0)

    with assigned([(variable, array(variable)) for variable in variables]):
        means.append(mean())
        for _ in range(STRIDES):
            _, gradients = current().weight_gradients(model, *probe.parts())
            for variable, gradient in zip(variables, gradients, strict=True):
                if gradient is not None:
                    step = distance / STRIDES * np.sign(np.nan_to_num(gradient))
                    variable.assign((array(variable) - step).astype("float32"))
            means.append(mean())
            if enough(means[-1]):
                break
    return np.array(means)
