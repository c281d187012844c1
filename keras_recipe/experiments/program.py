"""What the planners of a ladder's moves know of the program that is to be changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.task import Head, Task


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program, as a ladder starts from it.

    Attributes:
        model: Compiled and built; it is looked at and copied, never changed.
        task: What it learns.
        sample: Training rows to try a change on, with targets.
        steps: Optimizer steps of a training.
        batch_size: Rows a step.
        seed: Seed of the random choices of planning.
        pretrained: A model, or the path of a `.keras` file, whose weights may help; or None.
        synthetic: Rows made up: a `Batch`, `(x, y)`, or a function that makes them of the
            training rows; or None.
    """

    model: Any
    task: Task
    sample: Batch
    steps: int
    batch_size: int
    seed: int = 0
    pretrained: Any = None
    synthetic: Any = None

    @property
    def inputs(self) -> np.ndarray:
        """The only input's rows.

        Raises:
            NotApplicable: There are several inputs, or they are no numbers.
        """
        parts = leaves(self.sample.x)
        if len(parts) != 1 or parts[0].dtype.kind not in "fiub":
            msg = "there are several inputs, or they are no numbers"
            raise NotApplicable(msg)
        found: np.ndarray = parts[0]
        return found

    @property
    def images(self) -> np.ndarray:
        """The only input's rows, where they are images `(rows, height, width, channels)`.

        Raises:
            NotApplicable: They are not.
        """
        x = self.inputs
        if x.ndim != 4 or min(x.shape[1:3]) < 4 or x.shape[3] > max(x.shape[1:3]):
            msg = "the inputs are no images (rows, height, width, channels)"
            raise NotApplicable(msg)
        return x

    @property
    def head(self) -> Head:
        """The only output, where it says one thing a row.

        Raises:
            NotApplicable: There are several, or it says something of each place.
        """
        head = self.task.heads[0]
        if len(self.task.heads) > 1 or head.structure != "sample" or head.target is None:
            msg = "the output does not say one thing a row, so labels would have to move along"
            raise NotApplicable(msg)
        return head


@dataclass(frozen=True)
class OnBuilt:
    """A change of a model, made when the model is built in the shape it will have.

    Attributes:
        make: Takes a compiled, built model and returns the changed one.
        shapes: `get_build_config()` of the model that was planned with.
    """

    make: Callable[[Any], Any]
    shapes: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, model: Any) -> Any:
        """Return the changed model; a `RecipeModel` around it is taken off."""
        model = getattr(model, "recipe_inner", model)
        if not model.built and self.shapes:
            model.build_from_config(self.shapes)
        return self.make(model)


def on_built(model: Any, make: Callable[[Any], Any]) -> OnBuilt:
    """Return a change for models that are built as this one is.

    Args:
        model: The program's.
        make: Returns the changed model.
    """
    return OnBuilt(make, dict(model.get_build_config() or {}))


def changed(model: Any, make: Callable[[Any], Any]) -> OnBuilt:
    """Return a change of a model that was made once, to know that it can be made.

    Args:
        model: The program's; it must not be changed by `make`.
        make: Returns a changed copy.

    Raises:
        NotApplicable: It cannot be made.
    """
    try:
        make(model)
    except NotApplicable:
        raise
    except Exception as error:  # own layers and optimizers: each has its own error
        msg = f"the model cannot be built anew: {said(error)}"
        raise NotApplicable(msg) from error
    return on_built(model, make)


def weighted_layers(model: Any) -> list[Any]:
    """Return the layers that multiply inputs with trainable weights, in order.

    Args:
        model: A built model; nested models count as one layer.
    """
    return [
        layer
        for layer in getattr(model, "layers", None) or []
        if any(len(w.shape) > 1 for w in layer.weights)
    ]
