"""Seeing a batch on its way into a model's compiled step, in a fit that goes on unchanged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from typing import Any


def catch_next(model: Any, name: str, keep: Callable[[Any], None]) -> Callable[[], None]:
    """Show `keep` the next batch that enters a compiled function of the model, once.

    The batch is what the function gets: after the data pipeline, shuffling and Keras's
    adapters, before the model's own layers. It goes on to the function as it came. TensorFlow
    compiles the step once more for it, since a batch seen from outside comes another way.

    Args:
        model: A model in `fit` or `evaluate`, its functions made.
        name: `"train_function"` or `"test_function"`.
        keep: Called with `(x,)`, `(x, y)` or `(x, y, sample_weight)`, tensors or arrays. What
            it raises is dropped: the training is worth more.

    Returns:
        A function that takes the watch off if no batch came.
    """
    function = getattr(model, name)

    def show(batch: Any) -> None:
        with suppress(Exception):  # whatever a look at the data may raise
            keep(batch)

    def once(*args: Any) -> Any:
        cancel()
        *state, source = args
        if isinstance(source, list | tuple):  # torch hands the batches over as they are
            show(source[0])
            return function(*args)
        first = next(source)  # at the end of the data, StopIteration is what Keras expects
        show(first)
        return function(*state, chain([first], source))

    def cancel() -> None:
        if getattr(model, name) is once:
            setattr(model, name, function)

    setattr(model, name, once)
    return cancel
