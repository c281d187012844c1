"""What Keras's public API can't do: one small twin per backend. Nobody else imports them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np


class Backend(Protocol):
    """The primitives that each backend module offers."""

    def weight_gradients(
        self, model: Any, x: Any, y: Any, sample_weight: Any = None, *, training: bool = False
    ) -> tuple[float, list[np.ndarray | None]]:
        """Return the loss and its gradient for each trainable variable, in order.

        The loss is `model.compute_loss`, so a custom one counts. A variable that the loss
        does not depend on gets None (zeros where the backend cannot tell). Called on whole
        batches; state changes are thrown away where the backend is functional and must be
        undone by `preserve` elsewhere.
        """

    def compiled_loss(self, model: Any) -> Callable[[Any, Any, Any], tuple[Any, Any]] | None:
        """Return the model's loss as one program, or None where a single op needs no compiling.

        It takes targets, predictions and sample weights, NumPy arrays in the model's own
        structures, and returns the whole loss and the penalties in it; no metric moves. What
        the loss reads besides the model's variables counts as constant.
        """

    def input_gradient(self, model: Any, x: Any) -> Callable[[list[np.ndarray]], list[Any]]:
        """Return a function from weights of the outputs to gradients at the inputs.

        It takes one array for each output, in inference mode, and returns the gradient of
        their weighted sum for each input: one backward pass a call. All inputs are floats.
        """

    def reduced(self, tensors: list[Any], *, norms: bool) -> Any:
        """Return the sum or the Euclidean norm of each tensor, as one vector in float32.

        None where operations are compiled, so that Keras's own cost no more.
        """

    def rng_state(self) -> Any:
        """Return the state of the backend's global random generators."""

    def set_rng_state(self, state: Any) -> None:
        """Put back what `rng_state` returned."""

    def seed(self, seed: int) -> None:
        """Start the backend's global random generators from `seed`."""

    def devices(self) -> list[str]:
        """Return the devices that can be used, as `"cpu:0"`, `"gpu:0"`, …."""


def current() -> Backend:
    """Return the module that matches the running Keras backend.

    Raises:
        ImportError: The backend is not one of tensorflow, jax and torch.
    """
    return importlib.import_module(f"keras_recipe.backend.{keras.backend.backend()}")
