from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.trial import Untrainable, advance
from keras_recipe.surgery.activity import activation_statistics
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task


def _units(layer: Any) -> np.ndarray:
    """Return the kernel as `(inputs, units)`."""
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel), "float64")
    return kernel.reshape(-1, kernel.shape[-1])


def _is_identical(layer: Any) -> bool:
    """Whether all units of a layer compute the same."""
    units = _units(layer)
    return units.shape[1] > 1 and bool(np.all(units == units[:, :1]))


def _with_kernels(model: Any) -> list[tuple[str, Any]]:
    return [
        (path, layer)
        for path, layer in walk(model)
        if getattr(layer, "kernel", None) is not None and layer.trainable
    ]


_NORMALISERS = (
    *(keras.layers.BatchNormalization, keras.layers.LayerNormalization),
    *(keras.layers.GroupNormalization, keras.layers.RMSNormalization),
    *(keras.layers.UnitNormalization, keras.layers.SpectralNormalization),
)


def _factors(model: Any, rows: Any, outputs: list[Any]) -> tuple[float, float, str]:
    """Return the growth of the signal from the first to the last kernel layer, and where.

    Layers that make an output are left out, since the targets set their scale, and so are
    silent ones: a branch may start at zero. A net that normalises keeps its scale itself.
    """
    kernels = [
        path
        for path, layer in _with_kernels(model)
        if not any(layer is output for output in outputs)
    ]
    if len(kernels) < 2 or any(isinstance(layer, _NORMALISERS) for _, layer in walk(model)):
        return 1.0, 1.0, ""
    heard = activation_statistics(model, kernels)(rows)
    scales = {path: float(np.hypot(n["mean"], n["std"])) for path, n in heard.items()}
    scales = {path: scale for path, scale in scales.items() if scale != 0}
    if len(scales) < 2:
        return 1.0, 1.0, ""
    first = next(iter(scales))
    values = np.array(list(scales.values())) / scales[first]
    place = int(np.argmax(np.abs(np.log(np.nan_to_num(values, nan=np.inf, posinf=1e300)))))
    return float(values.max()), float(values.min()), f"{first} to {list(scales)[place]}"


@check("KR221", cost="forward")
def symmetry(
    model: Any,
    sample: Batch,
    probe: Batch,
    task: Task,
    *,
    steps: int = 10,
    rows: int = 64,
    growth: float = 1e4,
) -> Result:
    """Units of a layer differ, and the signal keeps its scale through the depth.

    Why:
        Units that start equal get equal gradients and stay equal: a layer of 64 is a layer of
        one. A signal that explodes or vanishes on its way makes the loss and the gradients so.
    Fix:
        Use the default initialisers; zeros are for biases and for the last layer only.
    Tune:
        steps: Training steps after which equal units must have parted: a zero-initialised
            head or residual branch parts after one or two, and loss scaling may skip some.
        rows: Number of rows of the forward pass.
        growth: Largest factor between the root mean squares of the first and any later hidden
            layer with a kernel to FAIL; its square root to WARN, and its inverse. He, Glorot,
            LeCun and orthogonal nets of 2 to 20 layers grow at most 30-fold and shrink at most
            1000-fold.
    Source:
        Karpathy 2019, stage 2; Glorot and Bengio 2010; He et al. 2015.
    """
    layers = _with_kernels(model)
    if not layers:
        msg = "no trainable layer has a kernel"
        raise NotApplicable(msg)
    some = sample.take(slice(0, int(rows)))
    outputs = [head.output.layer for head in task.heads]
    largest, smallest, where = _factors(model, some.x, outputs)
    equal = [(path, layer) for path, layer in layers if _is_identical(layer)]
    if equal:
        try:
            advance(model, some, int(steps), len(probe))
        except Untrainable:
            equal = []
        equal = [(path, layer) for path, layer in equal if _is_identical(layer)]
    if equal:
        names = ", ".join(path for path, _ in equal)
        return failed(
            f"all units of {names} are identical, and still are after {steps} training steps",
            measured=float(len(equal)),
            expected=0.0,
            unit="layers",
            where=names,
            cause="The kernel was initialised with a constant (zeros or ones).",
            fix=Fix(
                text="Initialise kernels at random.",
                code='keras.layers.Dense(units, kernel_initializer="glorot_uniform")',
            ),
        )
    fields: dict[str, Any] = {
        "measured": largest if largest > 1 / max(smallest, 1e-300) else smallest,
        "expected": 1.0,
        "unit": "ratio of root mean squares",
        "where": where,
        "fix": Fix(
            text="Use initialisers that keep the variance.",
            code='keras.layers.Dense(units, "relu", kernel_initializer="he_normal")',
        ),
    }
    if not np.isfinite(largest) or largest > growth:
        return failed(
            f"the signal grows {largest:.3g}-fold through the layers; about 1 is healthy",
            cause="The initial weights are far too large for the layers' width.",
            **fields,
        )
    if largest > growth**0.5 or smallest < 1 / growth:
        change = largest if largest > growth**0.5 else smallest
        return warned(
            f"the signal changes {change:.3g}-fold through the layers; about 1 is healthy",
            cause="The initial weights do not fit the layers' width.",
            **fields,
        )
    return passed("units differ and the signal keeps its scale through the depth", **fields)
