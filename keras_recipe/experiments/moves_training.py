"""Moves that change how long and in which portions a model is trained."""

from __future__ import annotations

import math
from typing import Any

import keras

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.program import Program
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_run import POINTS
from keras_recipe.surgery.layers import walk

PARTS = (2, 4)  # of the batch size
SMALLEST = 4  # rows a step; BatchNorm of fewer knows next to nothing of a batch
PATIENCE = POINTS // 4  # looks at the validation rows without a better one: a quarter of all


def stopping() -> dict[str, Any]:
    """Return the `fit` settings of a training that ends with its best weights."""
    watch = keras.callbacks.EarlyStopping(
        "val_loss", patience=PATIENCE, restore_best_weights=True
    )
    return {"callbacks": [watch]}


def smaller_batch(program: Program) -> list[Move]:
    """Return the moves: fewer rows a step, and as many more steps, so that rows are equal.

    Raises:
        NotApplicable: The batch is small already.
    """
    sizes = [program.batch_size // part for part in PARTS]
    sizes = [size for size in sizes if size >= SMALLEST]
    if not sizes:
        msg = f"a step has {program.batch_size} rows; half of them would be under {SMALLEST}"
        raise NotApplicable(msg)
    normed = any(
        isinstance(one, keras.layers.BatchNormalization) for _, one in walk(program.model)
    )
    effect = ", whose statistics of fewer rows are noisier: BatchNorm regularises more" * normed
    return [
        Move(
            name=f"batch of {size}",
            text=f"{size} rows a step in place of {program.batch_size}{effect}",
            fit={
                "batch_size": size,
                "steps": math.ceil(program.steps * program.batch_size / size),
            },
        )
        for size in sizes
    ]


def early_stopping(program: Program) -> list[Move]:
    """Return the move that ends a training with the weights of its best moment.

    The moment is chosen on the rows that judge it, as everybody does it: its gain is a little
    too high, and a test set has to tell.
    """
    del program
    text = (
        f"training ends after {PATIENCE} of {POINTS} looks at the validation rows without a "
        "better one, with the best weights"
    )
    return [Move(name="early stopping", text=text, fit=stopping())]
