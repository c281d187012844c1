"""`starter`: the plain known first architecture for a task and a kind of input, compiled."""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.starters.heads import wanted
from keras_recipe.starters.plain import plain_first
from keras_recipe.starters.scale import scaled
from keras_recipe.surgery.initialize import initialize_output_bias


def starter(  # noqa: PLR0913  each is one word of the user's
    task: Any,
    input_shape: Any,
    *,
    outputs: int | None = None,
    inputs: str | None = None,
    structure: str | None = None,
    vocabulary: int | None = None,
    x: Any = None,
    y: Any = None,
    learning_rate: float = 1e-3,
) -> Any:
    """Return the plain known first model for a task, compiled with Adam.

    | inputs | shape of one row | model |
    | --- | --- | --- |
    | table | `(columns,)` | two hidden layers |
    | ids | `(steps,)` and `vocabulary` | vectors, averaged without padding, a hidden layer |
    | series | `(steps, channels)` | a small convolutional net; labels each step: a GRU |
    | image | `(height, width, channels)` | a small convolutional net; each pixel: a U-Net |

    Args:
        task: `"binary"`, `"multiclass"`, `"multilabel"`, `"regression"` or `"counts"`; or a
            `Task` with one output, as `report.subject.task`.
        input_shape: Shape of one row without the batch; None for steps, height or width of any
            size.
        outputs: Number of classes, labels or values; by `task` or `y` when None.
        inputs: `"table"`, `"ids"`, `"series"` or `"image"`; by the shape when None.
        structure: What has a label: a `"sample"` (default), a `"token"` (every step) or a
            `"pixel"`.
        vocabulary: Number of ids, the padding 0 included: the largest id plus one.
        x: Training inputs: the model then scales its inputs itself, by their mean and variance.
            Without, they should be of about unit scale.
        y: Training labels: the output bias then starts at the best constant prediction.
        learning_rate: Of Adam. Karpathy's 3e-4 is for larger nets: with these, KR302 finds
            that a GRU of 64 units learns in 300 steps 2 % at 3e-4 and 99 % at 1e-3, and KR209
            that eight rows of scikit-learn's diabetes are hardly learned in 220.

    Raises:
        InputError: The task is unknown, the shape fits no kind of input, or something it
            needs (`vocabulary`, the number of outputs) is missing.

    Example:
        >>> starter("multiclass", (28, 28, 1), outputs=10).count_params()
        93962

    Source:
        Karpathy 2019, stage 3, "picking the model": no heroes; the simplest architecture known
        to do well on such inputs.
    """
    asked = wanted(task, outputs, structure, y)
    plain = plain_first(input_shape, asked.structure, inputs=inputs, vocabulary=vocabulary)
    if not learning_rate > 0:
        msg = f"`learning_rate` must be above 0. Received: {learning_rate!r}"
        raise InputError(msg)
    entrance = keras.Input(plain.shape, dtype="int32" if plain.inputs == "ids" else None)
    first = entrance if plain.inputs == "ids" else scaled(entrance, x)
    model = keras.Model(entrance, asked.layer()(plain.body(first)), name="starter")
    asked.compile(model, learning_rate)
    return model if y is None else initialize_output_bias(model, y)
