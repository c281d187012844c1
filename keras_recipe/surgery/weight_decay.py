"""Weight decay of any optimizer and the penalties on weights: set, excluded, put back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.compiled import remake
from keras_recipe.surgery.layers import walk

#: `Muon` has two, the second for what it hands to AdamW.
_DECAYS = ("weight_decay", "adam_weight_decay")

#: What `exclude_from_weight_decay` writes; Keras offers no way to read or undo it.
_EXCLUDED, _PATTERN, _CACHE = (
    f"_exclude_from_weight_decay{end}" for end in ("", "_pattern", "_cache")
)

#: What optimizers and layers had when first touched.
_DECAY_ORIGINALS: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
_PENALTY_ORIGINALS: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def optimizers(model: Any) -> list[Any]:
    """Return the optimizers that update weights: those inside LossScale- and MultiOptimizer."""

    def leaves(optimizer: Any) -> list[Any]:
        inner = getattr(optimizer, "inner_optimizer", None)
        if inner is not None:
            return leaves(inner)
        if isinstance(optimizer, keras.optimizers.MultiOptimizer):
            return [leaf for one in optimizer.optimizers for leaf in leaves(one)]
        return [] if optimizer is None else [optimizer]

    return leaves(getattr(model, "optimizer", None))


def decays(optimizer: Any) -> dict[str, float | None]:
    """Return an optimizer's decoupled decays by attribute."""
    return {name: getattr(optimizer, name) for name in _DECAYS if hasattr(optimizer, name)}


def leaves_out(model: Any) -> bool:
    """Whether an optimizer of a model leaves some weights out of its decay."""
    return any(vars(one).get(_EXCLUDED) for one in optimizers(model))


def go_on_leaving_out(model: Any, like: Any) -> None:
    """Leave out of a fresh copy's decay and penalties what the model it is made of leaves out.

    The settings of optimizers and layers do not name it. Words (`var_names`) are the same for
    the copy; of single weights, which are others there, biases, scales and shifts are left out.
    Penalties that were switched off stay off in the layers of the same name.

    Args:
        model: The copy, compiled; its optimizer has not been built.
        like: The model.
    """
    for own, other in zip(optimizers(model), optimizers(like), strict=False):
        pattern, single = vars(other).get(_PATTERN), vars(other).get(_EXCLUDED)
        if pattern or single:
            own.exclude_from_weight_decay(
                var_list=excluded(model, ("bias", "norm")) if single else None,
                var_names=[pattern.pattern] if pattern else None,
            )
    twins = dict(walk(model))
    for path, layer in walk(like):
        weights = getattr(twins.get(path), "weights", [])
        for old, new in zip(layer.weights, weights, strict=False):
            if getattr(old, "regularizer", None) is None and getattr(new, "regularizer", None):
                new.regularizer = None


@dataclass(frozen=True, slots=True)
class Penalty:
    """A weight and the layer that owns it."""

    layer: Any
    variable: Any

    @property
    def original(self) -> Any:
        """The regularizer it had when first touched here."""
        known = _PENALTY_ORIGINALS.setdefault(self.layer, {})
        return known.setdefault(self.variable.path, self.variable.regularizer)


def owned(model: Any) -> list[Penalty]:
    """Return every weight of a model with the innermost layer that holds it."""
    owners: dict[int, Penalty] = {}
    for layer in [model, *(layer for _, layer in walk(model))]:  # parents first
        for variable in layer.weights:
            owners[id(variable)] = Penalty(layer, variable)
    return list(owners.values())


def excluded(model: Any, words: Sequence[str]) -> list[Any]:
    """Return the trainable variables that `words` take out of weight decay.

    "bias": every variable named so. "norm": every weight of a layer whose class name holds
    "Norm", and every other scale or shift (fewer than 2 axes). Any other word: every variable
    whose path holds it.
    """

    def takes(word: str, layer: Any, variable: Any) -> bool:
        if word == "bias":
            return "bias" in variable.name
        if word == "norm":
            scale = len(variable.shape) < 2 and "bias" not in variable.name
            return scale or "norm" in type(layer).__name__.lower()
        return word in variable.path

    return [
        one.variable
        for one in owned(model)
        if one.variable.trainable and any(takes(w, one.layer, one.variable) for w in words)
    ]


def set_weight_decay(
    model: Any, value: float | None, exclude: str | Sequence[str] = ("bias", "norm")
) -> Any:
    """Set the weight decay of a model; weights and optimizer state stay.

    Takes effect in the next training step on every backend (TensorFlow and JAX trace it
    again). It is the optimizer's own decoupled decay, `w -= learning_rate * value * w`,
    which any Keras optimizer has, also one built without it.

    Args:
        model: A `keras.Model`; compiled, where `value` is above 0.
        value: Above 0: the decoupled decay; penalties (`kernel_regularizer`, ...) are as the
            layers were built. 0.0: neither decay nor penalties. None: decay, exclusions and
            penalties as they were before the first call.
        exclude: Words for what is not decayed, on top of what the optimizer excluded itself.
            "bias": variables named so; "norm": weights of normalization layers and every
            other scale or shift (fewer than 2 axes), without it Keras shrinks gamma too; any
            other word: variables whose path holds it. `()` excludes nothing.

    Returns:
        The model itself.

    Raises:
        InputError: `value` is negative or no number; or above 0 without an optimizer.
            Nothing was changed then.

    Source:
        Loshchilov & Hutter 2019, "Decoupled weight decay regularization".
    """
    words = [exclude] if isinstance(exclude, str) else list(exclude)
    found = optimizers(model)
    _check(value, words, found)
    changed = False
    for optimizer in found:
        changed |= _set_decay(optimizer, value, excluded(model, words) if value else [])
    for one in owned(model):
        original = one.original  # the first look remembers it
        target = None if value == 0 else original
        if one.variable.regularizer is not target:
            one.variable.regularizer = target
            changed = True
    if changed:
        remake(model)
    return model


def _set_decay(optimizer: Any, value: float | None, without: list[Any]) -> bool:
    """Set one optimizer's decay and exclusions; return True if the step must be traced anew."""
    state = vars(optimizer)
    original = _DECAY_ORIGINALS.setdefault(
        optimizer,
        {
            "decays": decays(optimizer),
            "excluded": set(state.get(_EXCLUDED, ())),
            "pattern": state.get(_PATTERN),
        },
    )
    before = decays(optimizer)
    for name, decay in original["decays"].items():
        target = decay if value is None else float(value)
        if (before[name] or 0) != (target or 0):
            setattr(optimizer, name, target)
    known = (set(state.get(_EXCLUDED, ())), state.get(_PATTERN))
    if value or value is None:
        optimizer.exclude_from_weight_decay(var_list=without)
        state[_EXCLUDED].update(original["excluded"])
        state[_PATTERN] = original["pattern"]
        state[_CACHE] = {}
    return before != decays(optimizer) or known != (
        set(state.get(_EXCLUDED, ())),
        state.get(_PATTERN),
    )


def _check(value: Any, words: list[Any], found: list[Any]) -> None:
    if value is not None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < math.inf:
            msg = (
                "`value` must be a number of at least 0; or None for the original decay. "
                f"Received: value={value!r}."
            )
            raise InputError(msg)
    if not all(isinstance(word, str) and word for word in words):
        msg = f"`exclude` must be words such as 'bias'. Received: exclude={words!r}."
        raise InputError(msg)
    if value and not found:
        msg = (
            "The model has no optimizer to decay weights: call `model.compile(...)` first (a "
            f"MultiOptimizer with a function must be built). Received: value={value!r}."
        )
        raise InputError(msg)
