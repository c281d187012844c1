"""One record a fit: callbacks that watch the same fit write to the same trace."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from keras_recipe.callbacks.trace import Trace

#: The fit that each model is in: Keras's parameters of it, one dict a fit, and its trace.
_FITS: WeakKeyDictionary[Any, tuple[Any, Trace]] = WeakKeyDictionary()


def trace_of(callback: Any) -> Trace:
    """Return the trace of the fit that `callback` is part of; a new one if it is the first.

    Args:
        callback: A `keras.callbacks.Callback` whose `on_train_begin` runs.
    """
    params, trace = _FITS.get(callback.model, (None, None))
    if trace is None or params is None or params is not callback.params:
        trace = Trace()
        _FITS[callback.model] = (callback.params, trace)
    return trace
