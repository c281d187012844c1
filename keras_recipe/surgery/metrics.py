"""Other metrics on a compiled model, its loss and its optimizer kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras_recipe.surgery.rehead import settings_of


def replace_metrics(model: Any, make: Callable[[], list[Any]]) -> None:
    """Compile a model with other metrics; weights and the optimizer's memory stay.

    Args:
        model: A compiled model with one output.
        make: Makes the metrics, as `compile` takes them.
    """
    settings = {**settings_of(model), "metrics": make(), "weighted_metrics": None}
    model.compile(model.optimizer, model.loss, **settings)
