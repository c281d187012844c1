"""Callbacks for any Keras model; each is imported when it is first asked for."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "EarlyStopping": "early_stopping",
    "InputVisualizer": "inputs",
    "PredictionDynamics": "predictions",
    "RecipeMonitor": "monitor",
    "RecipeTensorBoard": "tensorboard",
    "RecipeWarning": "monitor",
    "Trace": "trace",
}

__all__ = [
    "EarlyStopping",
    "InputVisualizer",
    "PredictionDynamics",
    "RecipeMonitor",
    "RecipeTensorBoard",
    "RecipeWarning",
    "Trace",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
