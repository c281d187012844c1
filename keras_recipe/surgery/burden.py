"""What a model carries to keep it from fitting: penalties, dropout, noise, augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.loss import tensors
from keras_recipe.surgery.dropout import rates
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.optimizer import innermost, schedule_of
from keras_recipe.surgery.toggles import without_regularization
from keras_recipe.surgery.weight_decay import decays, optimizers


@dataclass(frozen=True, kw_only=True)
class Burden:
    """All that makes fitting harder on purpose.

    Attributes:
        dropout: `(path, rate)` of every layer that drops, rates above 0.
        noise: `(path, deviation)` of every layer that adds noise.
        penalty: Penalties of weights and activations in the loss, in its unit; 0 if none.
        decay: The highest decoupled weight decay of an optimizer.
        augmentation: Paths of layers that change inputs at random.
        schedule: Name of the learning-rate schedule; `""` if the rate is constant.
    """

    dropout: list[tuple[str, float]]
    noise: list[tuple[str, float]]
    penalty: float
    decay: float
    augmentation: list[str]
    schedule: str

    @property
    def kept(self) -> float:
        """Share of the values that would pass all dropout layers in a row."""
        return float(np.prod([1 - rate for _, rate in self.dropout]))

    @property
    def parts(self) -> list[str]:
        """Each kind in words."""
        said = [f"dropout {', '.join(f'{rate:g}' for _, rate in self.dropout)}"] * bool(
            self.dropout
        )
        said += [f"noise {', '.join(f'{size:g}' for _, size in self.noise)}"] * bool(self.noise)
        said += [f"penalties of {self.penalty:.3g}"] * (self.penalty > 0)
        said += [f"weight decay {self.decay:g}"] * (self.decay > 0)
        said += [f"augmentation ({', '.join(self.augmentation)})"] * bool(self.augmentation)
        return said + [self.schedule] * bool(self.schedule)


def _penalties(model: Any, x: Any) -> float:
    model(tensors(x))
    losses = [float(keras.ops.convert_to_numpy(loss)) for loss in model.losses]
    return float(np.sum(losses))


def _is_augmentation(layer: Any) -> bool:
    kind = type(layer)
    ours = kind.__module__.startswith("keras.")
    return ours and kind.__name__.startswith(("Random", "MixUp", "CutMix", "AugMix"))


def burden_of(model: Any, x: Any) -> Burden:
    """Return what a compiled model carries.

    Args:
        model: A built, compiled model; it is called eagerly: use it under `preserve`.
        x: A few rows of inputs, for penalties on activations.
    """
    found = [one for one in rates(model) if one.value]
    with_all = _penalties(model, x)
    with without_regularization(model) as on:
        penalty = with_all - _penalties(model, x) if on else 0.0
    inner = innermost(getattr(model, "optimizer", None))
    schedule = schedule_of(inner) if inner is not None else None
    layers = walk(model)
    return Burden(
        dropout=[(one.path, one.value) for one in found if one.attribute != "stddev"],
        noise=[(one.path, one.value) for one in found if one.attribute == "stddev"],
        penalty=max(penalty, 0.0),
        decay=max(
            (v or 0.0 for o in optimizers(model) for v in decays(o).values()), default=0.0
        ),
        augmentation=[path for path, layer in layers if _is_augmentation(layer)],
        schedule=type(schedule).__name__ if schedule is not None else "",
    )
