"""Moves that start from weights learned elsewhere: frozen, then free."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.core.said import said
from keras_recipe.experiments.program import Program, changed, on_built
from keras_recipe.experiments.trial_move import Move
from keras_recipe.surgery.grown import recompiled
from keras_recipe.surgery.heads import find_heads
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.rebuilt import rebuilt

Stored = tuple[tuple[str, tuple[np.ndarray, ...]], ...]  # class name and weights of each layer


@dataclass(frozen=True)
class Transferred:
    """Gives a model the weights of the first layers of another, as far as they are alike.

    Attributes:
        weights: Class name and weights of those layers, in order.
        freeze: Whether they are kept from being trained; an output layer never is.
    """

    weights: Stored
    freeze: bool

    def __call__(self, model: Any) -> Any:
        """Return the model."""
        heads = [head.layer for head in find_heads(model)]
        for layer, (_, weights) in zip(_weighted(model), self.weights, strict=False):
            layer.set_weights([np.array(one) for one in weights])
            if self.freeze and not any(layer is head for head in heads):
                layer.trainable = False
        return recompiled(model, model) if self.freeze else model


@dataclass(frozen=True)
class OnTop:
    """Makes a model of another one without its output layer, and the program's output layer.

    Attributes:
        given: The other model, or the path of its file.
        freeze: Whether it is kept from being trained.
    """

    given: Any
    freeze: bool

    def __call__(self, model: Any) -> Any:
        """Return the new model, compiled as the given one."""
        trunk = _trunk(_loaded(self.given), model)
        trunk.trainable = not self.freeze
        last, heads = model.layers[-1], find_heads(model)
        if len(heads) != 1 or heads[0].layer is not last:
            msg = "the output is not made by the last layer alone, so none can be put on top"
            raise NotApplicable(msg)
        entrance = keras.Input(batch_shape=trunk.inputs[0].shape, dtype=trunk.inputs[0].dtype)
        # BatchNorm of weights that are kept must go on with their statistics, too
        found = trunk(entrance, training=False) if self.freeze else trunk(entrance)
        rank = len(found.shape)
        if rank > 2:
            found = getattr(keras.layers, f"GlobalAveragePooling{rank - 2}D")()(found)
        output = type(last).from_config(last.get_config())(found)
        return recompiled(keras.Model(entrance, output), model)


def pretrained(program: Program) -> list[Move]:
    """Return the moves: the given weights frozen, then free.

    Raises:
        NotApplicable: None were given, or they fit nowhere.
        InputError: What was given is neither a model nor the file of one.
    """
    if program.pretrained is None:
        msg = "no pretrained weights were given (pretrained=: a model or a .keras file)"
        raise NotApplicable(msg)
    given = _loaded(program.pretrained)
    alike = _alike(given, program.model)
    moves = []
    for name, freeze in (("pretrained, frozen", True), ("pretrained, free", False)):
        if alike:
            make: Any = Transferred(alike, freeze)
            text = f"the weights of the first {len(alike)} layers of {given.name!r}"
            heads = [head.layer for head in find_heads(program.model)]
            hidden = [one for one in _weighted(program.model) if one not in heads]
            if not hidden:
                msg = "the model has no hidden layers that could take them"
                raise NotApplicable(msg)
            change = _copied(program.model, make)
        else:
            make = OnTop(program.pretrained, freeze)
            text = f"{given.name!r} without its output layer, under a fresh output layer"
            change = changed(program.model, make)
        how = "not trained any further" if freeze else "trained on with all others"
        moves.append(Move(name=name, text=f"{text}, {how}", change=change))
    return moves


def _copied(model: Any, make: Transferred) -> Any:
    """Return the change; it is tried on a copy, since it changes what it is given."""
    try:
        make(rebuilt(model))
    except ValueError as error:
        msg = f"the weights do not fit: {said(error)}"
        raise NotApplicable(msg) from error
    return on_built(model, make)


def _loaded(given: Any) -> Any:
    """Return the model.

    Raises:
        InputError: It cannot be loaded.
    """
    if isinstance(given, keras.Model):
        return getattr(given, "recipe_inner", given)
    if not isinstance(given, str | Path):
        msg = (
            "`pretrained` must be a keras.Model or the path of a .keras file. "
            f"Received: {type(given).__name__}"
        )
        raise InputError(msg)
    try:
        return keras.saving.load_model(given, compile=False)
    except Exception as error:  # no such file, another format, own layers
        msg = f"`pretrained` cannot be loaded from {str(given)!r}: {said(error)}"
        raise InputError(msg) from error


def _weighted(model: Any) -> list[Any]:
    """Return the innermost layers with weights, in order."""
    return [
        layer
        for _, layer in walk(model)
        if layer.weights and not getattr(layer, "layers", None)
    ]


def _alike(given: Any, model: Any) -> Stored:
    """Return the weights of the first layers that are alike in kind and shape in both."""
    found: list[tuple[str, tuple[np.ndarray, ...]]] = []
    for one, other in zip(_weighted(given), _weighted(model), strict=False):
        shapes = [[tuple(w.shape) for w in layer.weights] for layer in (one, other)]
        if type(one) is not type(other) or shapes[0] != shapes[1]:
            break
        found.append((type(one).__name__, tuple(np.array(w) for w in one.get_weights())))
    return tuple(found)


def _trunk(given: Any, model: Any) -> Any:
    """Return a model without its output layer, as a fresh copy with its weights.

    Raises:
        NotApplicable: It is no graph of layers, or takes other inputs.
    """
    entrances = getattr(given, "inputs", None) or []
    mine = getattr(model, "inputs", None) or []
    shapes = [[tuple(t.shape[1:]) for t in some] for some in (entrances, mine)]
    if len(entrances) != 1 or shapes[0] != shapes[1] or not model.layers:
        msg = (
            f"{given.name!r} takes inputs of {shapes[0]}, the model {shapes[1]}, and no layer "
            "of the two is alike"
        )
        raise NotApplicable(msg)
    tops = [head.layer for head in find_heads(given)]
    last = given.layers[-1]
    headed = isinstance(last, keras.layers.Dense) and any(last is top for top in tops)
    cut = keras.Model(given.inputs, last.input if headed else given.outputs[0])
    trunk = keras.models.clone_model(cut)
    trunk.set_weights(cut.get_weights())
    return trunk
