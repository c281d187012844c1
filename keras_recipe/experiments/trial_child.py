"""Where a trial arrives in another process; imports no Keras before the backend is set."""

from __future__ import annotations

import os
import pickle
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from keras_recipe.core.errors import InputError

#: Trials of one process use its global generators: threads of a worker take turns.
_TURN = threading.Lock()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Give all other threads a generator of their own in the place of Python's global one.

    Keras takes the seeds of new layers from it, and the threads by which a worker of Dask
    talks to its scheduler draw from it at any time: equal seeds would make unequal models.
    """
    mine, others = threading.get_ident(), random.Random()
    before = {name: getattr(random, name) for name in random.__all__ if hasattr(others, name)}

    def shared(name: str) -> Callable[..., Any]:
        def draw(*args: Any, **kwargs: Any) -> Any:
            here = threading.get_ident() == mine
            return (before[name] if here else getattr(others, name))(*args, **kwargs)

        return draw

    for name in before:
        setattr(random, name, shared(name))
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(random, name, function)


def process() -> tuple[str, int]:
    """Return what tells this process from all others."""
    return socket.gethostname(), os.getpid()


def run(
    trial: bytes, arrays: Sequence[Any], keras_settings: Mapping[str, Any], parent: Any
) -> Any:
    """Run a trial under the settings of the process that sent it.

    Args:
        trial: By `cloudpickle`, without its data.
        arrays: The data, which joblib hands over by shared memory where it is large.
        keras_settings: `backend`, `floatx`, `epsilon`, `image_data_format`, `dtype_policy`.
        parent: `process()` of the sender.

    Returns:
        The `TrialRecord` as plain data.

    Raises:
        InputError: This is the sender's own process, or it runs another backend.
    """
    if process() == parent:
        msg = (
            "Parallel trials need processes of their own; threads share the random generators."
        )
        raise InputError(msg)
    with _TURN, _undisturbed():
        if "keras" not in sys.modules:
            os.environ["KERAS_BACKEND"] = keras_settings["backend"]
        import keras

        if keras.config.backend() != keras_settings["backend"]:
            msg = (
                f"A worker runs Keras on {keras.config.backend()} and the ladder on "
                f"{keras_settings['backend']}; set KERAS_BACKEND where the workers start."
            )
            raise InputError(msg)
        keras.config.set_floatx(keras_settings["floatx"])
        keras.config.set_epsilon(keras_settings["epsilon"])
        keras.config.set_image_data_format(keras_settings["image_data_format"])
        keras.config.set_dtype_policy(keras_settings["dtype_policy"])
        return pickle.loads(trial)(arrays).run().to_dict()
