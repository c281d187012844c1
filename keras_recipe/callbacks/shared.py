"""One record a fit: callbacks that watch the same fit write to the same trace."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from keras_recipe.callbacks.trace import Trace

#: The fit each model is in: Keras's parameters of it (one dict a fit), its trace, and the
#: kinds of callback that write to it.
_FITS: WeakKeyDictionary[Any, tuple[Any, Trace, set[type]]] = WeakKeyDictionary()


def join(callback: Any) -> tuple[Trace, bool]:
    """Return the trace of the fit that `callback` is part of, and whether it is shared.

    Callbacks of different kinds share one trace. A second one of a kind gets its own, and
    False: two would write everything twice.

    Args:
        callback: A `keras.callbacks.Callback` whose `on_train_begin` runs.
    """
    kind = type(callback)
    params, trace, kinds = _FITS.get(callback.model, (None, None, set()))
    if trace is None or params is None or params is not callback.params:
        trace, kinds = Trace(), set()
        _FITS[callback.model] = (callback.params, trace, kinds)
    if kind in kinds:
        return Trace(), False
    kinds.add(kind)
    return trace, True
