"""Rules about the loss of an untrained model; each gives a finding or None."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from keras_recipe.contract.baselines import Baseline, amount, unit_of
from keras_recipe.contract.culprits import array, gains, own_bias, were
from keras_recipe.contract.references import CLASSIFIED, as_output
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.batch import leaves
from keras_recipe.loss import data_loss
from keras_recipe.surgery.activity import activation_statistics


def _fields(one: Baseline, expected: float) -> dict[str, Any]:
    evidence = {"best_constant": one.constant, "zeros": one.zero, "perfect": one.perfect}
    return {
        "measured": one.actual,
        "expected": expected,
        "unit": unit_of(one),
        "where": one.scored.head.name,
        "evidence": {**evidence, "ratio": one.ratio, "z": one.z_score},
    }


def not_finite(scored: ScoredHead) -> Result | None:
    """The first loss must be a number.

    Raises:
        LossUndefined: The loss refuses labels and outputs.
    """
    cost = data_loss(scored.model, scored.batch, scored.outputs)
    if math.isfinite(cost):
        return None
    bad = float((~np.isfinite(scored.p)).mean())
    path = _first_without_numbers(scored) if bad else ""
    cause = (
        "Numbers overflow, or are divided by 0, in the forward pass"
        f"{f', first in {path}' if path else ''}."
        if bad
        else "The loss takes a root or a logarithm of something negative, or divides by 0."
    )
    return failed(
        f"The loss of the untrained model is {cost}; {bad:.0%} of its outputs are NaN or "
        "infinite.",
        measured=cost,
        where=path or scored.head.name,
        cause=cause,
        fix=Fix(
            text="Scale the inputs; use default initial weights; add epsilon to divisions."
        ),
    )


def _first_without_numbers(scored: ScoredHead) -> str:
    """Return the path of the first layer that gives NaN or infinity, "" if none is seen."""
    with suppress(Exception):  # the model is sick: whatever it raises, the FAIL stands
        found = activation_statistics(scored.model)(scored.batch.x)
        sick = [path for path, numbers in found.items() if not math.isfinite(numbers["mean"])]
        return sick[0] if sick else ""
    return ""


def too_high(one: Baseline, most: float, gain: float) -> Result | None:
    """An untrained model must not be sure of nonsense.

    Args:
        one: A head.
        most: First loss over that of knowing nothing.
        gain: Scale of a kernel above which it may be to blame.
    """
    if not one.ratio > most:
        return None
    one = were(one, [], training=True)
    if not one.ratio > most:
        return None
    text = (
        f"The untrained model loses {amount(one.actual, one)}, where knowing nothing costs "
        f"{one.ceiling:.4g}"
    )
    return (
        _bias_to_blame(one, most, text)
        or _weights_to_blame(one, most, gain, text)
        or (warned(f"{text}.", **_fields(one, one.ceiling), **_scales(one)))
    )


def _scales(one: Baseline) -> dict[str, Any]:
    classified = one.scored.head.kind in CLASSIFIED
    which = "inputs" if classified else "inputs or the targets"
    return {
        "cause": f"The {which} are far from unit scale, and the outputs are as far off.",
        "fix": Fix(text=f"Standardise the {which}.", code="keras.layers.Normalization()"),
    }


def _tried(one: Baseline, mended: Baseline) -> dict[str, Any]:
    return {"before": one.actual, "after": mended.actual, "unit": unit_of(one)}


def _emptied(bias: Any) -> Callable[[Any], None]:
    """Return what sets the bias to 0, whatever model it is applied to."""

    def empty(_: Any) -> None:
        bias.assign(np.zeros(bias.shape))

    return empty


def _bias_to_blame(one: Baseline, most: float, text: str) -> Result | None:
    """Return a FAIL if the loss is as expected with the output bias at 0."""
    bias = own_bias(one)
    if bias is None:
        return None
    mended = were(one, [(bias, np.zeros(bias.shape))], training=True)
    if not mended.ratio < most:
        return None
    return failed(
        f"{text}; with the output bias at 0 it loses {mended.actual:.4g}.",
        **_fields(one, one.ceiling),
        cause="The output bias was set far from what the labels ask for.",
        fix=Fix(
            text="Leave the output bias at 0, or set it from the labels.",
            code="keras_recipe.initialize_output_bias(model, y)",
            action=_emptied(bias),
            tried=_tried(one, mended),
        ),
    )


def _weights_to_blame(one: Baseline, most: float, gain: float, text: str) -> Result | None:
    """Return a FAIL if the loss is as expected with large kernels at the usual scale."""
    loud = [found for found in gains(one.scored.model) if found[2] > gain]
    if not loud:
        return None
    calm = [(kernel, array(kernel) / g) for _, kernel, g in loud]
    mended = were(one, calm, training=True)
    if not mended.ratio < most:
        return None
    path, _, largest = max(loud, key=lambda found: found[2])

    def rescale(model: Any) -> None:
        del model
        for kernel, value in calm:
            kernel.assign(value.astype("float32"))

    return failed(
        f"{text}; its weights are up to {largest:.3g} times the usual scale, and at that scale "
        f"it loses {mended.actual:.4g}.",
        **{**_fields(one, one.ceiling), "where": path},
        cause="The initial weights are far too large: the model starts sure of nonsense.",
        fix=Fix(
            text="Use a default initializer.",
            code="kernel_initializer='glorot_uniform'  # or 'he_normal' before a ReLU",
            action=rescale,
            tried=_tried(one, mended),
        ),
    )


def _related(one: Baseline) -> bool:
    """Whether outputs and labels go together beyond chance, rows by their weight."""
    target = as_output(one.scored)
    if target is None:
        return True
    weight = _row_weights(one.scored)
    p, t = (v - np.average(v, 0, weight) for v in (one.scored.p, target))
    product, p_size, t_size = (
        float((weight @ (a * b).reshape(len(p), -1)).sum()) for a, b in ((p, t), (p, p), (t, t))
    )
    scale, rows = math.sqrt(p_size * t_size), float(weight.sum() ** 2 / (weight**2).sum())
    return scale > 0 and product / scale > 3 / math.sqrt(rows)


def _row_weights(scored: ScoredHead) -> np.ndarray:
    """Return the sample weight of every row, the mean of its places'; 1 where none is given."""
    given = leaves(scored.batch.sample_weight)
    if not given:
        return np.ones(len(scored.p))
    own = np.asarray(given[(scored.head.target or 0) if len(given) > 1 else 0], "float64")
    return own.reshape(len(scored.p), -1).mean(1)


def too_low(one: Baseline, z: float) -> Result | None:
    """A model that knows nothing must not lose less than a constant."""
    head = one.scored.head
    if not (head.loss.builtin and head.kind in CLASSIFIED and one.z_score < -z):
        return None
    if one.ratio > 0.9 or _related(one):
        return None
    return failed(
        f"The untrained model loses {amount(one.actual, one)}, less than the "
        f"{one.constant:.4g} of the best constant, though its outputs have nothing to do with "
        "the labels.",
        **_fields(one, one.constant),
        cause="The loss does not measure what the model says: outputs or labels are outside "
        "what it is defined on.",
        fix=Fix(text="Check the output's activation, `from_logits` and the label code."),
    )
