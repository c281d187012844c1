"""`Ensemble`: several models as one that answers with their mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from keras_recipe.core.errors import InputError
from keras_recipe.loss import predict
from keras_recipe.outputs import outputs_of
from keras_recipe.task import EXCLUSIVE, INDEPENDENT

KINDS = ("mean", "softmax", "sigmoid")
LOOKED_AT = 2  # rows that tell the form of the outputs


@keras.saving.register_keras_serializable(package="keras_recipe")
class Blend(keras.layers.Layer):
    """The weighted mean of what several models say at one output.

    Args:
        weights: One for each model; they sum to 1.
        kind: `"mean"` of the values as they are: probabilities, or targets of a regression;
            `"softmax"` or `"sigmoid"`: the values are logits, the probabilities are averaged
            and logits of their mean given back, so that the same loss applies.
    """

    def __init__(self, weights: Sequence[float], kind: str = "mean", **kwargs: Any) -> None:
        kwargs.setdefault("dtype", max("float32", keras.config.floatx()))  # not float16
        super().__init__(**kwargs)
        self.shares, self.kind, self.supports_masking = list(weights), kind, True

    def call(self, outputs: list[Any]) -> Any:
        """Return the mean of equal shapes `(rows, ...)`."""
        if self.kind == "mean":
            return self._sum(outputs)
        if self.kind == "softmax":
            return self._log_mean([ops.log_softmax(one) for one in outputs])
        yes = self._log_mean([ops.log_sigmoid(one) for one in outputs])
        return yes - self._log_mean([ops.log_sigmoid(-one) for one in outputs])

    def _sum(self, parts: list[Any]) -> Any:
        return sum(part * share for part, share in zip(parts, self.shares, strict=True))

    def _log_mean(self, logs: list[Any]) -> Any:
        shifted = [log + math.log(share) for log, share in zip(logs, self.shares, strict=True)]
        return ops.logsumexp(ops.stack(shifted), axis=0)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the first model's mask: all were given the same rows."""
        del inputs
        return previous_mask[0] if isinstance(previous_mask, list) else previous_mask

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again."""
        return {**super().get_config(), "weights": self.shares, "kind": self.kind}


@keras.saving.register_keras_serializable(package="keras_recipe")
class Ensemble(keras.Model):
    """Several models with the same inputs and outputs, as one model.

    A `.keras` file holds it whole; `compile`, `fit` (all members at once), `evaluate` and
    `predict` are Keras's own. Importing `keras_recipe.ensemble.average` is all that loading
    it takes. `Recipe.squeeze` makes one of the best models; `averaged` one of any.

    Args:
        members: Built models, each object once, that take the same inputs and give outputs of
            the same shapes.
        weights: What each counts, above 0; equal by default. Made to sum to 1.
        kinds: How each output is averaged, in flattened order: `"mean"` of its values (class
            probabilities, or the targets of a regression), or, where the outputs are logits,
            `"softmax"` or `"sigmoid"`: the mean of the probabilities, given as logits again.
            `averaged` finds them out.
        name: Name of the model.

    Raises:
        InputError: An argument cannot be used; one sentence says why.
    """

    def __init__(
        self,
        members: Sequence[Any],
        weights: Sequence[float] | None = None,
        kinds: Sequence[str] = ("mean",),
        name: str | None = None,
    ) -> None:
        members = [getattr(one, "recipe_inner", one) for one in members]
        _refuse(members, weights, kinds)
        super().__init__(name=name, autocast=False)  # each member casts its inputs itself
        shares = np.asarray([1.0] * len(members) if weights is None else weights, "float64")
        self.members = list(members)
        self.shares = [float(share) for share in shares / shares.sum()]
        self.kinds = list(kinds)
        self.blends = [Blend(self.shares, kind) for kind in self.kinds]
        self.built = True

    @property
    def output_names(self) -> list[str] | None:
        """The first member's: losses and metrics in a dict are for outputs of these names."""
        return getattr(self.members[0], "output_names", None)

    def call(self, inputs: Any) -> Any:
        """Return the mean of the members' outputs, in their structure."""
        found = [member(inputs) for member in self.members]
        flat = [keras.tree.flatten(one) for one in found]
        if len(flat[0]) != len(self.blends):
            msg = (
                f"An Ensemble of models with {len(flat[0])} outputs needs as many `kinds`. "
                f"Received: {self.kinds}"
            )
            raise InputError(msg)
        means = [
            blend([*one])
            for blend, one in zip(self.blends, zip(*flat, strict=True), strict=True)
        ]
        return keras.tree.pack_sequence_as(found[0], means)

    def get_config(self) -> dict[str, Any]:
        """Return the members, without how they were compiled."""
        members = [keras.saving.serialize_keras_object(one) for one in self.members]
        for one in members:
            one.pop("compile_config", None)
        return {
            "members": members,
            "weights": self.shares,
            "kinds": self.kinds,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Return the ensemble that `get_config` described."""
        members = [
            keras.saving.deserialize_keras_object(one, custom_objects)
            for one in config["members"]
        ]
        return cls(**{**config, "members": members})


def _refuse(members: list[Any], weights: Any, kinds: Any) -> None:
    if not members or not all(isinstance(one, keras.Model) and one.built for one in members):
        msg = "An Ensemble needs at least one member, and each must be a built keras.Model."
        raise InputError(msg)
    if len({id(one) for one in members}) < len(members):
        msg = "Each member of an Ensemble must be another object; give `weights` instead."
        raise InputError(msg)
    if weights is not None and (
        len(weights) != len(members) or not all(0 < one < math.inf for one in weights)
    ):
        msg = (
            f"`weights` must be a number above 0 for each of the {len(members)} members. "
            f"Received: {weights!r}"
        )
        raise InputError(msg)
    if unknown := [one for one in kinds if one not in KINDS] or not len(kinds):
        msg = f"`kinds` must be of {', '.join(KINDS)}, one an output. Received: {unknown}"
        raise InputError(msg)


def kinds_of(model: Any, x: Any) -> tuple[str, ...]:
    """Return how each output is averaged, in flattened order, by the loss it has.

    Args:
        model: A compiled, built model.
        x: At least one row of its inputs.

    Raises:
        InputError: An output is no number that has a mean.
    """
    outputs = predict(model, x)
    for one in keras.tree.flatten(outputs):
        if one.dtype.kind not in "fV":  # V: bfloat16
            msg = f"Outputs of dtype {one.dtype} have no mean; leave them out of the model."
            raise InputError(msg)
    losses = keras.tree.flatten(getattr(model, "loss", None) or [])
    if any(getattr(one, "axis", -1) != -1 and _logits(one) for one in losses):
        msg = "Logits are averaged over the last axis only; the loss names another one."
        raise InputError(msg)
    return tuple(_kind(one.loss) for one in outputs_of(model, outputs, []))


def _logits(loss: Any) -> bool:
    return bool(getattr(loss, "from_logits", False))


def _kind(loss: Any) -> str:
    if not loss.from_logits:
        return "mean"
    if loss.name in INDEPENDENT:
        return "sigmoid"
    return "softmax" if loss.name in EXCLUSIVE else "mean"


def averaged(
    members: Sequence[Any], x: Any, weights: Sequence[float] | None = None
) -> Ensemble:
    """Return compiled models as one `Ensemble`, with the loss and metrics of the first.

    To train all members on together, compile it with the optimizer you want.

    Args:
        members: Compiled, built models of the same task.
        x: At least one row of inputs.
        weights: What each counts; equal by default.

    Raises:
        InputError: They cannot be averaged.
    """
    members = [getattr(one, "recipe_inner", one) for one in members]
    _refuse(members, weights, ["mean"])
    first = members[0]
    few = keras.tree.map_structure(lambda leaf: leaf[:LOOKED_AT], x)
    made = Ensemble(members, weights, kinds_of(first, few))
    forms = [
        [tuple(o.shape[1:]) for o in keras.tree.flatten(predict(one, few))] for one in members
    ]
    if any(form != forms[0] for form in forms):
        msg = f"The members' outputs have different shapes: {forms}."
        raise InputError(msg)
    if not first.compiled:
        msg = "The members must be compiled: their loss says what their outputs mean."
        raise InputError(msg)
    _compile_like(made, first)
    return made


def _compile_like(model: Any, other: Any) -> None:
    """Compile with another model's loss and metrics, and an optimizer that keeps no slots.

    The members are trained. Adam's slots for all of them would make the file three times as
    large, and one without slots that Keras makes when it loads does not load.
    """
    settings = other.get_compile_config() or {}
    optimizer = keras.optimizers.SGD()
    try:  # the loss itself: a Huber loses its delta on the way through a configuration
        kept = {k: v for k, v in settings.items() if k not in ("loss", "optimizer")}
        given = keras.saving.deserialize_keras_object(kept)
        model.compile(optimizer, other.loss, **given)
    except Exception:  # noqa: BLE001  an own metric that Keras cannot make from its name
        model.compile(optimizer, other.loss, loss_weights=settings.get("loss_weights"))


def spread(outputs: Any, kinds: Sequence[str]) -> Any:
    """Return outputs as what is averaged: probabilities for logits, float64, same structure."""
    flat = [
        _probabilities(np.asarray(one, "float64"), kind)
        for one, kind in zip(keras.tree.flatten(outputs), kinds, strict=True)
    ]
    return keras.tree.pack_sequence_as(outputs, flat)


def _probabilities(values: np.ndarray, kind: str) -> np.ndarray:
    if kind == "softmax":
        powers = np.exp(values - values.max(-1, keepdims=True))
        found: np.ndarray = powers / powers.sum(-1, keepdims=True)
        return found
    return 1 / (1 + np.exp(-np.clip(values, -700, 700))) if kind == "sigmoid" else values


def gathered(means: Any, kinds: Sequence[str]) -> Any:
    """Return averaged values as outputs again (float32), the other way round from `spread`."""
    least = np.finfo("float64").tiny
    flat = []
    for one, kind in zip(keras.tree.flatten(means), kinds, strict=True):
        if kind != "mean":
            logs = np.log(np.maximum(one, least))
            one = logs - np.log(np.maximum(1 - one, least)) if kind == "sigmoid" else logs
        flat.append(one.astype("float32"))
    return keras.tree.pack_sequence_as(means, flat)
