"""Moves that make a model smaller, or larger with early stopping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.moves_training import stopping
from keras_recipe.experiments.program import Program, changed, weighted_layers
from keras_recipe.experiments.trial_move import Move
from keras_recipe.surgery.grown import widened, widths_of
from keras_recipe.surgery.rebuilt import rebuilt

SMALLER = (2, 4)  # parts of the widths
LARGER = (2, 4)  # times the widths
_POOLING = {
    4: "GlobalAveragePooling2D",
    3: "GlobalAveragePooling1D",
    5: "GlobalAveragePooling3D",
}


@dataclass(frozen=True)
class Resized:
    """Makes a copy with other widths.

    Attributes:
        times: Factor of the widths.
        parts: Divisor of the widths; at least one unit stays.
    """

    times: int = 1
    parts: int = 1

    def widths(self, model: Any) -> list[int]:
        """Return the new widths."""
        return [max(1, self.times * size // self.parts) for _, size in widths_of(model)]

    def __call__(self, model: Any) -> Any:
        """Return the copy, with fresh weights."""
        return widened(model, self.widths(model))


@dataclass(frozen=True)
class _Pooled:
    """Makes a layer that averages all places."""

    kind: str

    def __call__(self) -> Sequence[Any]:
        return (getattr(keras.layers, self.kind)(),)


def smaller_model(program: Program, left_out: dict[str, str]) -> list[Move]:
    """Return the moves: pooling for a dense top, one layer less, narrower.

    Args:
        program: What is changed.
        left_out: Gets the reason of each that is left out.

    Raises:
        NotApplicable: None can be made.
    """
    ways: dict[str, Callable[[Program], list[Move]]] = {
        "pooling for flattening": _pooled,
        "one layer less": _shallower,
        "narrower": _narrower,
    }
    moves: list[Move] = []
    reasons = {}
    for name, make in ways.items():
        try:
            moves += make(program)
        except NotApplicable as reason:
            reasons[name] = str(reason)
    if not moves:
        raise NotApplicable("; ".join(dict.fromkeys(reasons.values())))
    left_out.update(reasons)
    return moves


def _pooled(program: Program) -> list[Move]:
    model = program.model
    flat = [
        layer
        for layer in getattr(model, "layers", None) or []
        if isinstance(layer, keras.layers.Flatten) and layer is not model.layers[0]
    ]
    convolved = any("Conv" in type(layer).__name__ for layer in weighted_layers(model))
    ranks = [len(layer.input.shape) for layer in flat]
    if len(flat) != 1 or not convolved or ranks[0] not in _POOLING:
        msg = "there is no Flatten behind convolutions"
        raise NotApplicable(msg)
    kind = _POOLING[ranks[0]]
    change = changed(model, partial(_with_pooling, kind=kind))
    return [Move(name="pooling for flattening", text=f"{kind} for Flatten", change=change)]


def _shallower(program: Program) -> list[Move]:
    layers = [layer for layer, _ in widths_of(program.model)]
    if len(layers) < 2:
        msg = "it has fewer than two hidden layers"
        raise NotApplicable(msg)
    text = f"without the last of {len(layers)} hidden layers"
    change = changed(program.model, _without_the_last)
    return [Move(name="one layer less", text=text, change=change)]


# Keras numbers the layers within a process: their names are asked of each fresh model anew.
def _with_pooling(model: Any, kind: str) -> Any:
    flat = next(one for one in model.layers[1:] if isinstance(one, keras.layers.Flatten))
    return rebuilt(model, instead={flat.name: _Pooled(kind)})


def _without_the_last(model: Any) -> Any:
    last, _ = widths_of(model)[-1]
    return rebuilt(model, without=(last.name,))


def _narrower(program: Program) -> list[Move]:
    sizes = [size for _, size in widths_of(program.model)]
    if not sizes or max(sizes) < 2:
        msg = "it has no hidden layers whose width Keras's configuration names"
        raise NotApplicable(msg)
    parts = [one for one in SMALLER if max(sizes) >= one]
    return [
        Move(
            name=f"1/{one} as wide",
            text=_widths(program.model, Resized(parts=one)),
            change=changed(program.model, Resized(parts=one)),
        )
        for one in parts
    ]


def larger_model(program: Program) -> list[Move]:
    """Return the moves that make the model larger and stop it early.

    Raises:
        NotApplicable: It cannot be made larger.
    """
    if not widths_of(program.model):
        msg = "it has no hidden layers whose width Keras's configuration names"
        raise NotApplicable(msg)
    return [
        Move(
            name=f"{times} times as wide, stopped early",
            text=_widths(program.model, Resized(times=times)),
            change=changed(program.model, Resized(times=times)),
            fit=stopping(),
        )
        for times in LARGER
    ]


def _widths(model: Any, resized: Resized) -> str:
    old, new = ([size for _, size in widths_of(model)], resized.widths(model))
    listed = [", ".join(map(str, one[:4])) + ", …" * (len(one) > 4) for one in (new, old)]
    return f"hidden layers of {listed[0]} units in place of {listed[1]}"
