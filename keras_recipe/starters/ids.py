"""A sequence of ids (words, items): their vectors, averaged without the padding.

That is fastText (Joulin et al. 2016), on many texts as good as deep nets. Where the order of
the ids decides, put `keras.layers.Bidirectional(keras.layers.GRU(64))` in place of the average.
"""

from __future__ import annotations

from typing import Any

import keras

from keras_recipe.starters import counting, series

WIDTH = 32
TEXT = f"vectors of {WIDTH} numbers an id, averaged without the padding, and a hidden layer"
STEP_TEXT = f"vectors of {WIDTH} numbers an id and one GRU over the steps"
NEEDS: frozenset[str] = frozenset()
STRANGE: frozenset[str] = frozenset()


def _vectors(inputs: Any, vocabulary: int) -> Any:
    # Of unit size, as PyTorch draws them: Keras's 0.05 leaves an average of nearly nothing
    start = keras.initializers.RandomNormal(stddev=1.0)
    made = keras.layers.Embedding(
        vocabulary, WIDTH, mask_zero=True, embeddings_initializer=start
    )
    return made(inputs)


def body(inputs: Any, vocabulary: int) -> Any:
    """Return the features of sequences `(rows, steps)` of ids, 0 being padding.

    The average is written out, since Keras's pooling makes NaN of a row of nothing but padding.
    """
    vectors = _vectors(inputs, vocabulary)
    there = keras.ops.cast(keras.ops.expand_dims(inputs, -1) != 0, vectors.dtype)
    count = keras.ops.maximum(keras.ops.sum(there, 1), 1)
    average = keras.ops.sum(vectors * there, 1) / count
    return keras.layers.Dense(WIDTH, "relu", kernel_initializer="he_normal")(average)


def steps_body(inputs: Any, vocabulary: int) -> Any:
    """Return features of every step, none of which sees a later step."""
    return series.steps_body(_vectors(inputs, vocabulary))


def size(vocabulary: int) -> tuple[int, int]:
    """Return the weights of `body`, and how many features it gives."""
    return vocabulary * WIDTH + counting.dense(WIDTH, WIDTH), WIDTH


def steps_size(vocabulary: int) -> tuple[int, int]:
    """Return the weights of `steps_body`, and how many features it gives."""
    weights, features = series.steps_size(WIDTH)
    return vocabulary * WIDTH + weights, features
