"""Does the first training step run at all, and which layer stops it if not?"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.trial import Untrainable, advance
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import data_loss, predict
from keras_recipe.surgery.families import is_of_keras
from keras_recipe.surgery.layers import walk


def refused_step(model: Any, rows: Batch, fit: FitSettings, reason: NotApplicable) -> Result:
    """Return that training stops at its first step, where prediction and loss work.

    Args:
        model: A compiled model whose gradient could not be computed; call it under `preserve`.
        rows: Training rows.
        fit: Its batch size is taken.
        reason: Why the gradient could not be computed.

    Raises:
        NotApplicable: The step runs, or it is the loss that refuses the labels (KR203): then
            `reason` itself.
    """
    fixed = [t.shape[0] for t in getattr(model, "inputs", None) or [] if t.shape and t.shape[0]]
    size = fixed[0] if fixed else min(fit.batch_size, len(rows))
    batch = rows.take(np.resize(np.arange(len(rows)), size))
    try:
        data_loss(model, batch, predict(model, batch.x))
        advance(model, batch, 1, size)
    except Untrainable as error:
        return _stops(model, error)
    except NotApplicable:
        raise reason from None
    raise reason


def _stops(model: Any, error: Untrainable) -> Result:
    own = error.__cause__ or error
    named = _where(model, own)
    custom = [path for path, layer in walk(model) if not is_of_keras(layer)]
    where = named or ", ".join(custom[:5])
    place = f" in {named}" if named else ""
    return failed(
        f"training stops with an error at its first step{place}, although the model predicts: "
        f"{said(own, most=200)}",
        where=where,
        cause="What runs in training alone is at fault: the branch for training=True, NumPy in "
        "place of keras.ops, a change in place, or an op without a gradient on this backend.",
        fix=Fix(
            text="Write the layer with keras.ops alone, and without changing tensors in place.",
            code="x = keras.ops.add(x, 1.0)  # not x += 1.0, not np.add(x, 1.0)",
        ),
    )


def _where(model: Any, error: BaseException) -> str:
    """Return the path of the innermost layer whose code was running; "" if none was."""
    paths = {id(layer): path for path, layer in walk(model)}
    found = [paths[id(one)] for one in _running(error.__traceback__) if id(one) in paths]
    return found[-1] if found else ""


def _running(trace: TracebackType | None) -> Iterator[Any]:
    """Yield the `self` of each call that the error passed through, the outermost first."""
    while trace is not None:
        yield trace.tb_frame.f_locals.get("self")
        trace = trace.tb_next
