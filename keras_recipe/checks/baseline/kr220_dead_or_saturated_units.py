from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.surgery.activations import activation_name
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.outputs import layer_outputs

_ZEROING = ("relu", "relu6")
_LIMITS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def _name(layer: Any) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu" if not (layer.negative_slope or layer.threshold) else "unknown"
    if isinstance(layer, keras.layers.RNN | keras.layers.Wrapper):
        return "unknown"
    return activation_name(getattr(layer, "activation", None))


def _dead(values: np.ndarray) -> float:
    """Return the share of units (last axis) that are zero for every sample and position."""
    return float(np.mean(np.all(values == 0, axis=tuple(range(values.ndim - 1)))))


def _pinned(values: np.ndarray, limits: tuple[float, float], margin: float) -> float:
    """Return the share of values within `margin` of a limit."""
    low, high = limits
    edge = margin * (high - low)
    return float(np.mean((values < low + edge) | (values > high - edge)))


@check("KR220", cost="forward")
def dead_or_saturated_units(
    model: Any,
    sample: Batch,
    *,
    dead_share: float = 0.95,
    pinned_share: float = 0.9,
    suspect_share: float = 0.6,
    margin: float = 0.01,
    rows: int = 256,
) -> Result:
    """Hidden units answer differently to different samples.

    Why:
        A ReLU that is zero for every sample gets no gradient and stays dead; a sigmoid or tanh
        pinned at a limit has almost none.
    Fix:
        Standardise the inputs, use He or Glorot initialisation, lower the learning rate.
    Tune:
        dead_share: Share of a ReLU layer's units that are zero for all rows to FAIL. SageMaker
            and TheDeepChecker alarm above 0.5; healthy nets on raw pixels reach 0.6.
        pinned_share: Share of a bounded layer's values at a limit to FAIL;
            TheDeepChecker: 0.85.
        suspect_share: Share of either to WARN.
        margin: How near a limit counts as pinned, as a share of the range; at 0.01 the slope
            of a sigmoid is 0.04 of its largest.
        rows: Number of rows looked at.
    Source:
        Karpathy 2019, stage 2; Karpathy, "Yes you should understand backprop" (2016).
    """
    layers = dict(walk(model))
    last = model.layers[-1] if getattr(model, "layers", None) else None
    outputs = layer_outputs(model, sample.take(slice(0, int(rows))).x)
    worst, worst_path, worst_kind, judged = 0.0, "", "", 0
    for path, values in outputs.items():
        layer = layers[path]
        name = _name(layer)
        if layer is last or name not in (*_ZEROING, *_LIMITS) or values.shape[-1] < 2:
            continue
        judged += 1
        is_zeroing = name in _ZEROING
        share = _dead(values) if is_zeroing else _pinned(values, _LIMITS[name], margin)
        limit = dead_share if is_zeroing else pinned_share
        if share / limit > worst:
            worst, worst_path = share / limit, path
            worst_kind = "dead" if is_zeroing else "saturated"
    if not judged:
        msg = "no hidden layer has a ReLU, sigmoid or tanh"
        raise NotApplicable(msg)
    limit = dead_share if worst_kind == "dead" else pinned_share
    share = worst * limit
    what = "zero for every sample" if worst_kind == "dead" else "pinned at a limit"
    text = f"{share:.0%} of the units of {worst_path} are {what}; expected under {limit:.0%}"
    fields: dict[str, Any] = {
        "measured": share,
        "expected": 0.0,
        "unit": "share of units",
        "where": worst_path,
        "cause": "Inputs far from unit scale, or weights or biases of an absurd size.",
        "fix": Fix(
            text="Standardise the inputs and initialise with He (ReLU) or Glorot weights.",
            code='keras.layers.Dense(units, "relu", kernel_initializer="he_normal")',
        ),
    }
    if worst >= 1:
        return failed(text, **fields)
    if share > suspect_share:
        return warned(text, **fields)
    return passed(f"at most {share:.0%} of a layer's units are dead or saturated", **fields)
