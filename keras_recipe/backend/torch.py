"""PyTorch's side of `keras_recipe.backend.Backend`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch


def weight_gradients(
    model: Any, x: Any, y: Any, sample_weight: Any = None, *, training: bool = False
) -> tuple[float, list[np.ndarray | None]]:
    """See `keras_recipe.backend.Backend`."""
    x, y, sample_weight = keras.tree.map_structure(
        lambda leaf: None if leaf is None else keras.ops.convert_to_tensor(leaf),
        (x, y, sample_weight),
    )
    with torch.enable_grad():
        outputs = model(x, training=training) if training else model(x)
        loss = model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=sample_weight)
        weights = [v.value for v in model.trainable_variables]
        live = [w for w in weights if w.requires_grad]
        found = iter(
            torch.autograd.grad(loss, live, allow_unused=True)
            if live and loss.requires_grad
            else [None] * len(live)
        )
    gradients = [next(found) if w.requires_grad else None for w in weights]
    return float(loss.detach()), [
        None if g is None else np.array(g.detach().float().cpu()) for g in gradients
    ]


def compiled_loss(model: Any) -> None:
    """See `keras_recipe.backend.Backend`."""
    del model


def input_gradient(model: Any, x: Any) -> Callable[[list[np.ndarray]], list[Any]]:
    """See `keras_recipe.backend.Backend`."""
    flat = [
        keras.ops.convert_to_tensor(leaf).detach().clone() for leaf in keras.tree.flatten(x)
    ]

    def gradient(weights: list[np.ndarray]) -> list[Any]:
        inputs = [leaf.requires_grad_() for leaf in flat]
        with torch.enable_grad():
            outputs = model(keras.tree.pack_sequence_as(x, inputs))
            pairs = zip(keras.tree.flatten(outputs), weights, strict=True)
            total = sum((out * keras.ops.convert_to_tensor(w)).sum() for out, w in pairs)
            found = torch.autograd.grad(total, inputs, allow_unused=True)
        filled = (
            torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found, strict=True)
        )
        return [np.array(g.detach().float().cpu()) for g in filled]

    return gradient


def reduced(tensors: list[Any], *, norms: bool) -> Any:
    """See `keras_recipe.backend.Backend`."""
    of = torch.linalg.vector_norm if norms else torch.sum
    wide = torch.float64, torch.float32
    found = [of(t, dtype=t.dtype if t.dtype in wide else torch.float32) for t in tensors]
    return torch.stack([one.float() for one in found]) if found else None


def rng_state() -> Any:
    """Return the states of the CPU and CUDA generators."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return torch.get_rng_state(), cuda


def set_rng_state(state: Any) -> None:
    """See `keras_recipe.backend.Backend`."""
    cpu, cuda = state
    torch.set_rng_state(cpu)
    if cuda:
        torch.cuda.set_rng_state_all(cuda)


def seed(seed: int) -> None:
    """See `keras_recipe.backend.Backend`."""
    torch.manual_seed(seed)


def devices() -> list[str]:
    """See `keras_recipe.backend.Backend`."""
    apple = int(torch.backends.mps.is_available())
    return ["cpu:0", *(f"gpu:{i}" for i in range(torch.cuda.device_count() or apple))]
