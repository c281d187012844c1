"""Which steps of a sequence each output depends on, by changing some and looking again."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.dependency import (
    LARGEST_CHART,
    by_backprop,
    by_change,
    groups,
    matrix,
)
from keras_recipe.experiments.shifts import as_tokens
from keras_recipe.surgery.layers import walk


def changed(array: np.ndarray, steps: Any) -> np.ndarray:
    """Return the input with other values at some steps, all of them seen in the batch.

    Every row takes the values of the next one. Where these are the same, whole numbers become
    another one that was seen, vectors are turned by one class, and numbers move a deviation.
    The token 0 stays and is never put in: it may be padding, and a mask may know its place.
    """
    part = array[:, steps]
    other = np.roll(part, 1, axis=0)
    same = np.equal(other, part)
    tokens, vectors = as_tokens(array) is not None, array.ndim == 3 and array.shape[-1] > 1
    if tokens and vectors:
        stuck = same.all(-1, keepdims=True)
        other = np.where(stuck, np.roll(part, 1, axis=-1), other)
    elif tokens or array.dtype.kind in "iub":
        seen = np.unique(array)
        padded = bool(seen[0] == 0 and len(seen) > 2)
        seen = seen[padded:]
        same |= (other == 0) & padded
        other = np.where(same, seen[(np.searchsorted(seen, part) + 1) % len(seen)], other)
        other = np.where((part == 0) & padded, 0, other)
    else:
        other = np.where(same, part + (array.std() or 1.0), other)
    copy = array.copy()
    copy[:, steps] = other.astype(array.dtype)
    return copy


class Prober:
    """Changes one input of a batch at some steps and sees which steps of one output move.

    Args:
        model: A built model.
        probe: Rows; always all of them are predicted, so that nothing is traced anew.
        leaf: Place of the input among the flattened ones.
        output: Place of the output among the flattened ones.
    """

    def __init__(self, model: Any, probe: Batch, leaf: int, output: int) -> None:
        self._model, self._x, self._leaf, self._output = model, probe.x, leaf, output
        self.array = np.asarray(keras.tree.flatten(probe.x)[leaf])
        self.base = self._outputs(self.array)
        self.repeatable = bool(np.array_equal(self.base, self._outputs(self.array)))

    def _outputs(self, array: np.ndarray) -> np.ndarray:
        flat = keras.tree.flatten(self._x)
        flat[self._leaf] = array
        self._said = self._model.predict_on_batch(keras.tree.pack_sequence_as(self._x, flat))
        values = np.asarray(keras.tree.flatten(self._said)[self._output], "float64")
        return values.reshape(*values.shape[:2], -1)

    def gradient(self) -> np.ndarray | None:
        """Return the chart by backprop, `(output steps, input steps)`; see `by_backprop`."""
        where = {"axis": 1, "output": self._output, "leaf": self._leaf}
        return by_backprop(self._model, self._x, self._said, **where)

    def effect(self, steps: Any) -> np.ndarray:
        """Return how far each step of the output moves at most, `(output steps,)`."""
        moved = np.abs(self._outputs(changed(self.array, steps)) - self.base)
        return np.asarray(moved.max(axis=(0, 2)))


def dependency(prober: Prober, name: str, *, ahead: bool) -> dict[str, Any]:
    """Return evidence and pictures of what depends on what; nothing for long sequences.

    Args:
        prober: Of one input and one output.
        name: What the output is called.
        ahead: Whether some output looks ahead; then backprop is asked too.
    """
    steps = prober.array.shape[1]
    if max(steps, prober.base.shape[1]) > LARGEST_CHART:
        return {}
    size = groups(steps)[0].stop
    title = f"How much each step of {name} depends on each step of the input"
    label = "input step" if size == 1 else f"input step, {size} at a time"
    chart = matrix(by_change(prober.effect, steps), title, label, "output step")
    evidence = {"dependency": chart["values"], "input_steps_a_column": size}
    gradient = prober.gradient() if ahead else None
    if gradient is None:
        return {"evidence": evidence, "pictures": [chart]}
    title = f"The same by backprop from {name}"
    return {
        "evidence": evidence,
        "pictures": [chart, matrix(gradient, title, "input step", "output step")],
    }


def looks_ahead(prober: Prober, shift: int, probes: int, floor: float) -> tuple[float, float]:
    """Return the typical effect of an answer on its own output, and of all from it on.

    Args:
        prober: Of the input whose later steps are the targets of the output.
        shift: Steps from an output to its answer among the inputs.
        probes: Steps that are changed, one at a time.
        floor: Effect that counts.

    Returns:
        Shares of the greatest effect of the same change on any step; the first is the median
        of those that count, 0 where there is none.

    Raises:
        NotApplicable: No output moves.
    """
    last = min(prober.array.shape[1] - 1, prober.base.shape[1] - 1 + shift)
    moving = changed(prober.array, slice(None)) != prober.array
    alive = np.flatnonzero(moving.any(0).reshape(moving.shape[1], -1).any(1))
    alive = alive[(alive >= shift) & (alive <= last)]  # elsewhere there is padding
    own, later = [], []
    chosen = np.unique(np.linspace(0, max(len(alive) - 1, 0), probes).astype(int))
    for place in alive[chosen[: len(alive)]]:
        one, rest = prober.effect([place]), prober.effect(slice(place, None))
        if one.max() > 0:
            own.append(float(one[place - shift] / one.max()))
        if rest.max() > 0:
            later.append(float(rest[: place - shift + 1].max() / rest.max()))
    if not own:
        msg = "the outputs do not depend on the inputs: there is nothing to look ahead with"
        raise NotApplicable(msg)
    seen = [value for value in own if value > floor]
    typical = float(np.median(seen)) if seen else 0.0
    return typical, max(later, default=0.0)


def only_normalises(model: Any) -> bool:
    """Say whether nothing of Keras's but a normalisation over steps may look ahead."""
    kinds = keras.layers.GroupNormalization, keras.layers.LayerNormalization
    found = [layer for _, layer in walk(model) if isinstance(layer, kinds)]
    over = [not isinstance(n, kinds[1]) or np.size(n.axis) > 1 for n in found]
    own = all(type(layer).__module__.startswith("keras.") for _, layer in walk(model))
    return any(over) and own and not suspects(model)[0]


_ATTENTION = (
    *(keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention),
    *(keras.layers.Attention, keras.layers.AdditiveAttention),
)


def is_causal_by_design(model: Any) -> bool:
    """Say whether a net that looks only back holds layers that were told to do so."""
    return any(
        isinstance(layer, _ATTENTION) or getattr(layer, "padding", "") == "causal"
        for _, layer in walk(model)
    )


_SIZES = ("units", "output_dim", "filters")  # what layers call the size of what they give


def only_repeats(model: Any, classes: int) -> bool:
    """Say whether a recurrent net has nothing to learn from targets that are its inputs.

    An autoencoder is there to squeeze, to clean or to keep few units busy. Where no layer is
    narrower than the number of tokens, none acts otherwise in training and no penalty is paid,
    saying again what was just given teaches nothing.

    Args:
        model: A built model of which the outputs see their own step and those before it.
        classes: Number of tokens that it tells apart.
    """
    found = [layer for _, layer in walk(model) if not isinstance(layer, keras.Model)]
    own = any(type(layer).__module__.split(".")[0] != "keras" for layer in found)
    sizes = [getattr(one, name) for one in found for name in _SIZES if hasattr(one, name)]
    acting = [one for one in found if isinstance(one, _REGULARIZING) or _drops(one)]
    recurrent = any(isinstance(layer, keras.layers.RNN) for layer in found)
    narrow = any(isinstance(size, int) and size < classes for size in sizes)
    return recurrent and not (own or acting or narrow or model.losses)


_REGULARIZING = (
    *(keras.layers.GaussianNoise, keras.layers.GaussianDropout, keras.layers.AlphaDropout),
    *(keras.layers.ActivityRegularization, keras.layers.BatchNormalization),
)


def _drops(layer: Any) -> bool:
    rates = [getattr(layer, name, 0) for name in ("rate", "dropout", "recurrent_dropout")]
    return any(isinstance(rate, int | float) and rate > 0 for rate in rates)


def suspects(model: Any) -> tuple[str, str]:
    """Return the paths of the layers that may look ahead, and the line that stops them."""
    kinds: dict[str, Any] = {
        "attended = attention(h, h, use_causal_mask=True)": _ATTENTION,
        "keras.layers.LSTM(units, return_sequences=True)": keras.layers.Bidirectional,
        'keras.layers.Conv1D(filters, size, padding="causal")': keras.layers.Conv1D,
    }
    for code, kind in kinds.items():
        found = [
            path
            for path, layer in walk(model)
            if isinstance(layer, kind) and getattr(layer, "padding", "") != "causal"
        ]
        if found:
            return ", ".join(found[:5]), code
    return "", ""
