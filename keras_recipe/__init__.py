"""Karpathy's recipe for training neural networks as working software, for Keras 3.

    model = keras_recipe.RecipeModel(my_keras_model)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    report = model.check(x, y, validation_data=(x_val, y_val))
    model.fit(x, y, validation_data=(x_val, y_val), epochs=20)

Names are loaded when they are first used, so that importing costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_recipe import callbacks
    from keras_recipe.core.errors import InputError, KerasRecipeError, RecipeFailed
    from keras_recipe.core.report import Report
    from keras_recipe.core.result import Fix, Result, Status
    from keras_recipe.ensemble.average import Ensemble
    from keras_recipe.examine import assert_recipe, check
    from keras_recipe.experiments.generalization import check_generalization
    from keras_recipe.experiments.learning_rate import find_learning_rate
    from keras_recipe.looking.browse import browse
    from keras_recipe.model import RecipeModel
    from keras_recipe.recipe import Recipe
    from keras_recipe.starters import starter
    from keras_recipe.surgery.initialize import initialize_output_bias
    from keras_recipe.surgery.preserve import preserve
    from keras_recipe.surgery.toggles import (
        set_dropout,
        set_learning_rate_decay,
        set_weight_decay,
    )

__version__ = "0.1.0"

_HOMES = {
    "Ensemble": "ensemble.average",
    "Fix": "core.result",
    "InputError": "core.errors",
    "KerasRecipeError": "core.errors",
    "Recipe": "recipe",
    "RecipeFailed": "core.errors",
    "RecipeModel": "model",
    "Report": "core.report",
    "Result": "core.result",
    "Status": "core.result",
    "assert_recipe": "examine",
    "browse": "looking.browse",
    "check": "examine",
    "check_generalization": "experiments.generalization",
    "find_learning_rate": "experiments.learning_rate",
    "initialize_output_bias": "surgery.initialize",
    "preserve": "surgery.preserve",
    "set_dropout": "surgery.toggles",
    "set_learning_rate_decay": "surgery.toggles",
    "set_weight_decay": "surgery.toggles",
    "starter": "starters",
}

__all__ = [
    "Ensemble",
    "Fix",
    "InputError",
    "KerasRecipeError",
    "Recipe",
    "RecipeFailed",
    "RecipeModel",
    "Report",
    "Result",
    "Status",
    "assert_recipe",
    "browse",
    "callbacks",
    "check",
    "check_generalization",
    "find_learning_rate",
    "initialize_output_bias",
    "preserve",
    "set_dropout",
    "set_learning_rate_decay",
    "set_weight_decay",
    "starter",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name == "callbacks":
        return importlib.import_module("keras_recipe.callbacks")
    if name in _HOMES:
        return getattr(importlib.import_module(f"keras_recipe.{_HOMES[name]}"), name)
    msg = f"module 'keras_recipe' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
