"""Building a model, its optimizer, loss and metrics as the first step of `fit` would."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from keras_recipe.data.batch import Batch, mapped
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.loss import outputs_of, tensors
from keras_recipe.refusals import refusing
from keras_recipe.surgery.preserve import preserve, unbuilt_parts


def _build_compiled(model: Any, probe: Batch) -> None:
    """Let Keras make the compiled loss and metrics, as the first step of `fit` does.

    So the metrics' names can be read, and a step that one check traced is still the model's
    step for the next: `preserve` takes away the traces of a model whose loss was not built.
    """
    parts = unbuilt_parts(model)
    if not parts or probe.y is None:
        return
    known = {id(metric) for metric in model.metrics if getattr(metric, "built", True)}
    # text is refused later on; of labels that do not fit KR203 speaks
    with preserve(model, unbuilt=()), suppress(Exception):
        x, y, _ = (tensors(part) for part in probe.parts())
        outputs = outputs_of(model, probe.x)
        model.compute_metrics(x, y, outputs)
        if not has_own_step(model):
            model.compute_loss(x, y, outputs)
    for metric in model.metrics:
        if id(metric) not in known:
            metric.reset_state()


def build(model: Any, probe: Batch) -> None:
    """Build model, optimizer and metrics as the first step of `fit` would.

    Raises:
        InputError: The model does not take this data.
    """
    with refusing(model, probe):
        if not model.built or not model.weights:
            model(tensors(mapped(np.nan_to_num, probe.x)))  # a gap is KR101's affair
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(model.trainable_variables)
    _build_compiled(model, probe)
