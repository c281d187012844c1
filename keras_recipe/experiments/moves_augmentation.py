"""Moves that change the inputs while training: on, or off where the model does it already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.experiments.augmented import labels_of
from keras_recipe.experiments.kept_labels import FEWEST, confusions
from keras_recipe.experiments.program import Program, changed
from keras_recipe.experiments.trial_move import Move
from keras_recipe.loss import tensors
from keras_recipe.surgery.augmentation import augmenters
from keras_recipe.surgery.rebuilt import rebuilt

#: How far Keras's layers move images: pads and shifts of a tenth (4 of 32 pixels in He et al.
#: 2016) and mirrors are the usual ones; 10 degrees is what Simard et al. 2003 stay within.
SHIFT = 0.1
TURN = 10 / 360
STRENGTH = 0.3  # as KR402: share of the labels a simple model must tell to be asked


@dataclass(frozen=True)
class _Layer:
    """Makes one of Keras's layers."""

    kind: str
    settings: tuple[Any, ...]

    def __call__(self) -> Sequence[Any]:
        return (getattr(keras.layers, self.kind)(*self.settings),)


WAYS: Mapping[str, tuple[str, _Layer]] = {
    "mirrored": ("half of the images mirrored", _Layer("RandomFlip", ("horizontal",))),
    "shifted": (
        f"images shifted by up to {SHIFT:.0%}",
        _Layer("RandomTranslation", (SHIFT, SHIFT)),
    ),
    "turned": (
        f"images turned by up to {360 * TURN:.0f} degrees",
        _Layer("RandomRotation", (TURN,)),
    ),
}


def augmentation(program: Program, left_out: dict[str, str]) -> list[Move]:
    """Return the moves; where the model augments already, the one without.

    A way that makes of one class another by the labels' check is left out.

    Args:
        program: What is changed; call this under `random_states`.
        left_out: Gets the reason of each way that is left out.

    Raises:
        NotApplicable: Nothing can be augmented by Keras's layers.
    """
    own = _own(program.model)
    if own:
        text = f"without {', '.join(own)}"
        change = changed(program.model, partial(rebuilt, without=tuple(own)))
        return [Move(name="augmentation off", text=text, change=change)]
    program.images, program.head  # noqa: B018  they say why not
    moves = []
    for name, (text, make) in WAYS.items():
        reason = _broken(program, make)
        if reason:
            left_out[name] = reason
            continue
        change = changed(program.model, partial(rebuilt, front=make))
        moves.append(Move(name=name, text=f"{text} ({make.kind})", change=change))
    return moves


def _own(model: Any) -> list[str]:
    """Return the names of the model's own layers that do nothing but augment."""
    found = {id(layer) for _, layer in augmenters(model)}

    def augments(layer: Any) -> bool:
        parts = [p for p in getattr(layer, "layers", []) if not _is_entrance(p)]
        return id(layer) in found or (bool(parts) and all(map(augments, parts)))

    layers = getattr(model, "layers", None) or []
    return [layer.name for layer in layers if augments(layer)]


def _is_entrance(layer: Any) -> bool:
    return isinstance(layer, keras.layers.InputLayer)


def _broken(program: Program, make: Callable[[], Sequence[Any]]) -> str:
    """Return which class a way makes of another; "" where none is known."""
    head, plain = program.head, program.images
    if head.kind not in ("binary", "multiclass") or len(plain) < 4 * FEWEST:
        return ""
    seen = np.asarray(plain, "float32")
    for layer in make():
        seen = np.asarray(
            keras.ops.convert_to_numpy(layer(tensors(seen), training=True)), "float32"
        )
    found = confusions(
        plain.astype("float32"), seen, labels_of(program.sample, head), program.seed,
        strength=STRENGTH,
    )  # fmt: skip
    if not found:
        return ""
    worst = found[0]
    return (
        f"it makes of one class another and keeps the label: {worst.share:.0%} of class "
        f"{worst.own} are taken for class {worst.other} ({worst.plain:.0%} without it)"
    )
