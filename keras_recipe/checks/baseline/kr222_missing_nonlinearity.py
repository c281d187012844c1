from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.data.statistics import Statistics
from keras_recipe.experiments.affine import is_affine
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task

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


def _bare(model: Any, probe: Batch, task: Task) -> list[str]:
    """Return the linear hidden layers of a model without a straight chain that is one map.

    Of these only layers with more units than the model has outputs: whatever comes of them
    goes through a further kernel, while layers of as many units may be summands.
    """
    outputs = [head.output.layer for head in task.heads]
    most = max((head.units for head in task.heads), default=0)
    kernels = [(path, one) for path, one in walk(model) if isinstance(one, _KERNELS)]
    found = [
        path
        for path, layer in kernels
        if _is_linear(layer)
        and not any(layer is last for last in outputs)
        and (getattr(layer, "units", None) or getattr(layer, "filters", None) or 0) > most
    ]
    return found if len(kernels) > 1 and found and is_affine(model, probe) else []


def _fields(names: list[str]) -> dict[str, Any]:
    """Return what every finding on these layers says."""
    where = ", ".join(names)
    return {
        "measured": float(len(names)),
        "expected": 0.0,
        "unit": "linear hidden layers",
        "where": where,
        "cause": "The layer was made without `activation=`, which means linear.",
        "fix": Fix(
            text=f"Give {where} an activation.",
            code='keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal")',
        ),
    }


def _asked(
    model: Any, statistics: Statistics, probe: Batch, task: Task, error: Exception
) -> Result:
    """Return the finding on a model whose layers are in no order that can be read."""
    bare = [] if _is_autoencoder(statistics) else _bare(model, probe, task)
    if not bare:
        msg = "only models that are one straight chain of layers are read"
        raise NotApplicable(msg) from error
    return failed(
        f"the model is one linear map of its inputs although {', '.join(bare)} would let it be "
        "more: the middle of two inputs is always mapped to the middle of their outputs; "
        "expected a non-linearity between the layers",
        **_fields(bare),
    )


@check("KR222", cost="forward")
def missing_nonlinearity(
    model: Any, statistics: Statistics, probe: Batch, task: Task, *, least_layers: int = 2
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
        Karpathy 2019, stage 2; Goodfellow, Bengio, Courville, Deep Learning (2016), 6.1. A
        model of another form than a chain is asked: it FAILs where every middle of two inputs
        is mapped to the middle of their outputs, to single precision.
    """
    try:
        chain = _chain(model)
    except (AttributeError, ValueError, NotApplicable) as error:  # layers used twice, branches
        return _asked(model, statistics, probe, task, error)
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
    fields = _fields([a for a, _ in redundant])
    names = fields["where"]
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
