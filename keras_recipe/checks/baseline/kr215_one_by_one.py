from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, leaves


@check("KR215", cost="forward", requires=("KR213",))
def one_by_one(model: Any, probe: Batch, *, rtol: float = 1e-2, rows: int = 3) -> Result:
    """A batch gives the same predictions as its samples one by one.

    Why:
        Write the special case first, then generalise with the same result: vectorised code
        that hides a batch-size assumption is right on the batch it was written for only.
    Fix:
        Look for a hard-coded batch size, a squeeze that drops axis 0, or a state kept between
        calls.
    Tune:
        rtol: Largest difference relative to the spread of the outputs; no unit. Different
            batch sizes run different kernels: healthy models reach 1e-4 in float32 and 5e-3 in
            float16.
        rows: Number of samples tried alone.
    Source:
        Karpathy 2019, stage 2, "generalize a special case".
    """
    if any(tensor.shape[0] is not None for tensor in getattr(model, "inputs", None) or []):
        msg = "the model is built for one fixed batch size"
        raise NotApplicable(msg)
    whole, again = (leaves(model.predict_on_batch(probe.x)) for _ in range(2))
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(whole, again, strict=True)):
        msg = "two predictions of the same rows differ: see KR217"
        raise NotApplicable(msg)
    worst, row = 0.0, 0
    for index in range(min(int(rows), len(probe))):
        try:
            alone = leaves(model.predict_on_batch(probe.take(slice(index, index + 1)).x))
        except Exception as error:  # noqa: BLE001  each backend has its own kinds of error
            return _verdict(f"one sample alone cannot be predicted: {said(error)}", None, index)
        for many, one in zip(whole, alone, strict=True):
            together = np.asarray(many, "float64")
            scale = max(float(np.ptp(together)), 1e-3 * float(np.abs(together).max()), 1e-12)
            if one.shape != many[index : index + 1].shape:
                return _verdict(f"one sample gives the shape {one.shape}", None, index)
            gap = float(np.max(np.abs(together[index] - one[0]))) / scale
            if gap > worst:
                worst, row = gap, index
    if worst > rtol:
        text = f"alone, a sample's prediction differs by {worst:.2g} of the outputs' spread"
        return _verdict(text, worst, row)
    return passed(
        "samples one by one give what the batch gives",
        measured=worst,
        expected=0.0,
        unit="share of output spread",
    )


def _verdict(text: str, measured: float | None, row: int) -> Result:
    return failed(
        f"{text}; expected the same as in the batch",
        measured=measured,
        expected=0.0,
        unit="share of output spread",
        where=f"row {row} of the probe",
        cause="A hard-coded batch size, a squeeze of axis 0, or state kept between calls.",
        fix=Fix(
            text="Write every op for any number of rows.",
            code="keras.ops.reshape(x, (-1, *x.shape[1:]))",
        ),
    )
