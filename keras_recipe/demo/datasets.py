"""The pictures of the demo: scikit-learn's digits, and Fashion-MNIST where it is to be had."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from sklearn import datasets

from keras_recipe.core.errors import InputError
from keras_recipe.core.settings import unknown

HELD_OUT = 397  # leaves 1400 of the 1797 digits for training
Split = tuple[np.ndarray, np.ndarray]


def digits() -> tuple[Split, Split]:
    """Return training and held-out rows of scikit-learn's digits, `(8, 8, 1)` from 0 to 1."""
    data = datasets.load_digits()
    x, y = (data.images / 16)[..., None].astype("float32"), data.target.astype("int32")
    order = np.random.default_rng(0).permutation(len(x))
    held, kept = order[:HELD_OUT], order[HELD_OUT:]
    return (x[kept], y[kept]), (x[held], y[held])


def fashion_mnist() -> tuple[Split, Split]:
    """Return Fashion-MNIST's training and test rows, `(28, 28, 1)` from 0 to 1.

    They come from the Keras home's `datasets` folder, downloaded if they are not there.

    Raises:
        InputError: They cannot be had.
    """
    try:
        train, test = keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # the download raises its own kinds of error
        msg = (
            "Fashion-MNIST is neither in the Keras home's datasets/fashion-mnist folder nor "
            f"can it be downloaded ({type(error).__name__}); use --dataset digits."
        )
        raise InputError(msg) from error
    scaled = [
        ((x / 255)[..., None].astype("float32"), y.astype("int32")) for x, y in (train, test)
    ]
    return scaled[0], scaled[1]


DATASETS: dict[str, Callable[[], tuple[Split, Split]]] = {
    "digits": digits,
    "fashion_mnist": fashion_mnist,
}


def named(dataset: str) -> str:
    """Return the name of a data set, however its words are joined.

    Raises:
        ConfigError: There is no such data set.
    """
    found = dataset.replace("-", "_")
    if found not in DATASETS:
        raise unknown(dataset, DATASETS, "dataset")
    return found
