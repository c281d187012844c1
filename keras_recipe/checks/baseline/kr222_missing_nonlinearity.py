from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.statistics import Statistics

L = keras.layers
_KERNELS: tuple[Any, ...] = (L.Dense, L.EinsumDense, L.Conv1D, L.Conv2D, L.Conv3D)
_KERNELS += (L.Conv1DTranspose, L.Conv2DTranspose, L.DepthwiseConv2D, L.SeparableConv2D)
_AFFINE: tuple[Any, ...] = (
    L.Dropout,
    L.SpatialDropout1D,
    L.SpatialDropout2D,
    L.Flatten,
    L.Reshape,
    L.Permute,
)
_AFFINE += (L.InputLayer, L.GaussianNoise, L.AveragePooling1D, L.AveragePooling2D, L.Add)
_AFFINE += (L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.ZeroPadding2D, L.Concatenate)
_AFFINE += (L.BatchNormalization, L.Rescaling, L.Normalization)


def _is_linear(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    return activation is None or activation is keras.activations.linear


def _chain(model: Any) -> list[tuple[str, Any]]:
    """Return the layers of a straight model in order, nested straight models opened.

    Raises:
        NotApplicable: The model branches or has no graph.
    """
    if not isinstance(model, keras.Sequential):
        outputs = [op.output for op in getattr(model, "operations", [])]
        inputs = [op.input for op in getattr(model, "operations", [])[1:]]
        straight = outputs and all(a is b for a, b in zip(outputs, inputs, strict=False))
        if not straight:
            msg = "only models that are one straight chain of layers are read"
            raise NotApplicable(msg)
    found: list[tuple[str, Any]] = []
    steps = model.layers if isinstance(model, keras.Sequential) else model.operations
    for layer in steps:  # operations of a graph are layers and keras.ops alike
        if isinstance(layer, keras.Model):
            found += [(f"{layer.name}/{path}", inner) for path, inner in _chain(layer)]
        else:
            found.append((layer.name, layer))
    return found


def _is_autoencoder(statistics: Statistics) -> bool:
    """Say whether targets are the inputs: a linear one finds principal components."""
    if len(statistics.x) != 1 or len(statistics.y) != 1:
        return False
    return np.array_equal(statistics.x[0].signature, statistics.y[0].signature)


@check("KR222", cost="static")
def missing_nonlinearity(
    model: Any, statistics: Statistics, *, least_layers: int = 2
) -> Result:
    """Between two layers with kernels stands a non-linearity.

    Why:
        Two linear layers in a row are one linear layer with more parameters: depth without
        power. `Dense(64)` has no activation unless it is given one.
    Fix:
        Give the hidden layers an activation.
    Tune:
        least_layers: Fewest layers with kernels in a wholly linear model that FAIL.
    Source:
        Karpathy 2019, stage 2; Goodfellow, Bengio, Courville, Deep Learning (2016), 6.1.
    """
    try:
        chain = _chain(model)
    except (AttributeError, ValueError) as error:  # a layer used twice has no single output
        msg = "only models that are one straight chain of layers are read"
        raise NotApplicable(msg) from error
    pending, kernels, nonlinear, bare = "", 0, False, []
    widths: list[int] = []
    for path, layer in chain:
        if isinstance(layer, _KERNELS):
            kernels += 1
            widths.append(getattr(layer, "units", None) or getattr(layer, "filters", None) or 0)
            if pending:
                bare.append((pending, path, len(widths) - 2))
            pending = path if _is_linear(layer) else ""
            nonlinear |= not _is_linear(layer) and layer is not chain[-1][1]
        elif not isinstance(layer, _AFFINE):
            is_plain = isinstance(layer, L.Activation) and _is_linear(layer)
            nonlinear |= not is_plain and layer is not chain[-1][1]
            pending = pending if is_plain else ""
    if kernels == 0:
        msg = "there are no layers with kernels"
        raise NotApplicable(msg)
    inputs = model.inputs[0].shape[-1] if getattr(model, "inputs", None) else None
    sides = [inputs or 0, *widths]
    redundant = [
        (a, b) for a, b, i in bare if sides[i + 1] >= min(sides[i] or 10**9, sides[i + 2])
    ]
    if not bare or not redundant:
        return passed("a non-linearity follows every hidden layer that needs one")
    names = ", ".join(a for a, _ in redundant)
    fields: dict[str, Any] = {
        "measured": float(len(redundant)),
        "expected": 0.0,
        "unit": "linear hidden layers",
        "where": names,
        "cause": "The layer was made without `activation=`, which means linear.",
        "fix": Fix(
            text=f"Give {names} an activation.",
            code='keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal")',
        ),
    }
    if not nonlinear and kernels >= least_layers and not _is_autoencoder(statistics):
        return failed(
            f"all {kernels} layers are linear, so the model is one linear map; expected a "
            "non-linearity between them",
            **fields,
        )
    return warned(
        f"{names} feeds the next layer without a non-linearity; the two are one linear map",
        **fields,
    )
