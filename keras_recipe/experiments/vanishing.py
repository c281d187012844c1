"""A gradient that gets lost on its way to the first layers: does it stop the training?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.comparison import compare
from keras_recipe.surgery.layers import is_kernel
from keras_recipe.surgery.rectify import bounded, rectified, rectify
from keras_recipe.task import Task

STUCK = 0.1  # share of what the rectified net explains that a stuck net stays under
LEARNED = 0.15  # share that the rectified net must explain to prove anything


def first_to_largest(model: Any, gradients: Sequence[np.ndarray | None]) -> float:
    """Return the first kernel's relative gradient over the largest one of any kernel.

    Relative: the norm of the gradient over the norm of the kernel. 1.0 where there is nothing
    to compare.
    """
    found = []
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        if is_kernel(variable) and gradient is not None:
            size = float(np.linalg.norm(keras.ops.convert_to_numpy(variable)))
            if size:
                found.append(float(np.linalg.norm(gradient.astype("float64"))) / size)
    return found[0] / max(found) if found and max(found) > 0 else 1.0


def shares_out(model: Any, task: Task) -> bool:
    """Whether a hidden dense or convolution layer ends in a softmax."""
    hidden = bounded(model, [head.output.layer for head in task.heads])
    return any(layer.activation is keras.activations.softmax for layer in hidden)


def vanishing_verdict(
    model: Any, rows: Batch, task: Task, ratio: float, *, steps: int, batch_size: int
) -> Result | None:
    """Return the finding that a small gradient holds the training up; None if it doesn't.

    Args:
        model: A compiled model.
        rows: Rows to try it on.
        task: What is learned.
        ratio: The first kernel's relative gradient over the largest.
        steps: Steps of each of two trainings: as it is, and with ReLU for sigmoid and tanh.
        batch_size: Rows a step.
    """
    layers = bounded(model, [head.output.layer for head in task.heads])
    if not layers:
        return None
    try:
        found = compare(
            model,
            rows,
            task,
            lambda model: rectified(model, layers),
            steps=steps,
            batch_size=batch_size,
        )
    except NotApplicable:
        return None
    before, after = found.shares
    if after < LEARNED or before > STUCK * after:
        return None
    return failed(
        f"the first layer's gradient is {ratio:.2g} of the largest, relative to the weights, "
        f"and {found.steps} steps bring the loss to {found.losses[0]:.3g}; with ReLU in place "
        f"of {len(layers)} sigmoid, tanh or softmax layer(s) to {found.losses[1]:.3g}",
        measured=ratio,
        expected=1.0,
        unit="ratio of relative gradients",
        where=", ".join(layer.name for layer in layers[:5]),
        cause="Units of a softmax share out one 1: wide layers say next to nothing and pass as "
        "little back."
        if shares_out(model, task)
        else "Every sigmoid or tanh layer shrinks the gradient; what is left does not move "
        "the first ones.",
        fix=Fix(
            text="Use ReLU with He initialisation in the hidden layers.",
            code='keras.layers.Dense(units, "relu", kernel_initializer="he_normal")',
            action=partial(rectify, layers=layers),
            tried=found.tried,
        ),
    )
