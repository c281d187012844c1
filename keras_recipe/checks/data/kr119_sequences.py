from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from keras_recipe.contract.names_as_numbers import names_as_numbers
from keras_recipe.contract.tokens import one_word, out_of_range
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves, names
from keras_recipe.data.crossfit import CrossFit
from keras_recipe.data.padding import Padding, padding
from keras_recipe.experiments.mask_contest import mask_contest
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.entrances import Entrance, seen_by
from keras_recipe.surgery.masking import makes_masks, users
from keras_recipe.surgery.padding_mask import mask_padding, takes_masks
from keras_recipe.task import Task

_ROWS = 256  # rows followed into the network
_MASK = Fix(
    text="Tell the layers which steps are padding: mask_zero=True in the Embedding, or a "
    "Masking layer before the recurrent one.",
    code="keras.layers.Embedding(vocabulary, size, mask_zero=True)",
)


def _sequences(model: Any, sample: Batch) -> list[tuple[str, np.ndarray, Entrance]]:
    """Return `(name, values, entrance)` of the inputs that are tokens or series."""
    seen = seen_by(model, sample.take(slice(0, _ROWS)).x)
    met = seen.entrances if seen else []
    named = zip(names(sample.x, "x"), leaves(sample.x), met, strict=bool(met))
    return [
        (name, leaf, one)
        for name, leaf, one in named
        if one is not None
        and leaf.dtype.kind in "biuf"
        and (leaf.ndim == 2 if one.kind == "tokens" else leaf.ndim == 3)
    ]


def _as_it_is(leaf: np.ndarray, met: Entrance) -> str:
    """Return the layer that a series enters by, if nothing before it changes the numbers."""
    return met.path if np.array_equal(leaf[: len(met.values)], met.values) else ""


def _facts(leaf: np.ndarray, met: Entrance, filled: Padding | None) -> tuple[str, float]:
    """Return lengths, padding and the most frequent token as words, and the share of that."""
    steps = leaf.shape[1]
    lengths = steps - filled.filled if filled else np.full(len(leaf), steps)
    text = f"lengths {lengths.min()} to {lengths.max()} of {steps}"
    if filled:
        text += f", {filled.share:.0%} padding on the {filled.side} ({filled.value:g})"
    if met.kind != "tokens":
        return text, 0.0
    real = leaf[filled.real] if filled else leaf.ravel()
    known, counts = np.unique(real, return_counts=True)
    if not len(known):
        return text, 0.0
    share = float(counts.max() / counts.sum())
    return f"{text}; token {known[counts.argmax()]:g} is {share:.0%} of the rest", share


@check("KR119", cost="train", requires=("KR101", "KR102"))
def sequences(
    model: Any,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    seed: int,
    crossfit: CrossFit,
    *,
    most_padding: float = 0.3,
    one_token: float = 0.5,
    most_steps: int = 300,
    enough: float = 0.8,
    least: float = 0.3,
    ratio: float = 0.7,
    seconds: float = 10.0,
) -> Result:
    """Tokens fit the embedding, and layers are told which steps are padding.

    Why:
        A recurrent layer that is not told reads on through the padding: what it says at the
        end is what zeros say. An average is thinned by them. A token the embedding does not
        know is an error on one backend, another row or NaN on the next. Rows of one and the
        same token tell nothing. The number of a user or a product is no amount.
    Fix:
        `mask_zero=True` (or a `Masking` layer); `input_dim` = the largest token + 1.
    Tune:
        most_padding: Share of padding from which on a missing mask is looked into.
        one_token: Share of one token, padding left out, from which on it WARNs.
        most_steps: Most steps of each training that tries the mask; where more than twice as
            many are planned it only WARNs.
        enough: Share of the labels explained without a mask that ends the trial as harmless.
        least: Share that must be explained with the mask for a FAIL.
        ratio: Share of that under which the model without a mask must stay for a FAIL.
        seconds: Time after which no further training is started; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 1. FAIL only by counterfactual: the same weights trained on the
        same rows in the same order, with and without the mask. A column is called one of names,
        and WARNs, where what each number's own rows say of unseen labels is not said by the
        rows of its neighbours, of numbers at one distance, or by a polynomial.
    """
    if named := names_as_numbers(model, sample, crossfit):
        return named
    found = _sequences(model, sample)
    if not found:
        msg = "no input is a sequence of tokens or of numbers"
        raise NotApplicable(msg)
    filled = [padding(leaf) for _, leaf, _ in found]
    for (name, leaf, met), one in zip(found, filled, strict=True):
        if met.kind != "tokens":
            continue
        result = out_of_range(model, name, met) or one_word(model, name, leaf, met, one)
        if result:
            return result
    told = [_facts(leaf, met, one) for (_, leaf, met), one in zip(found, filled, strict=True)]
    text = "; ".join(
        f"{name}: {said}" for (name, _, _), (said, _) in zip(found, told, strict=True)
    )
    padded = [
        (one, _as_it_is(leaf, met))
        for (_, leaf, met), one in zip(found, filled, strict=True)
        if one is not None and one.share >= most_padding
    ]
    readers = users(model)
    fields: dict[str, Any] = {
        "measured": max((one.share for one in filled if one), default=0.0),
        "unit": "share of padding",
        "evidence": {name: said for (name, _, _), (said, _) in zip(found, told, strict=True)},
    }
    if padded and readers and not makes_masks(model):
        action = partial(mask_padding, value=padded[0][0].value)
        fix = replace(_MASK, action=action if takes_masks(model) else None)
        fields |= {"where": readers[0][0], "fix": fix, "expected": most_padding}
        return _tried(
            partial(
                partial(mask_contest, model, task, sample, fit, padded[0][0]),
                entrance=padded[0][1],
                seed=seed,
                enough=enough,
            ),
            f"{text}; {readers[0][0]} is not told",
            fields,
            limits={
                "most_steps": most_steps,
                "least": least,
                "ratio": ratio,
                "seconds": seconds,
            },
        )
    if max(share for _, share in told) >= one_token:
        return warned(
            f"{text}; expected no token to be that frequent",
            cause="Words outside the vocabulary, or padding in the middle.",
            **fields,
        )
    return passed(text, **fields)


def _tried(contest: Any, text: str, fields: dict[str, Any], limits: dict[str, Any]) -> Result:
    """Judge the training with and without the mask."""
    cause = "Padding is read as data."
    try:
        race = contest(**limits)
    except NotApplicable as reason:
        return warned(f"{text} (not tried: {reason})", cause=cause, **fields)
    if race is None:
        return warned(f"{text}; a comparison would take too long", cause=cause, **fields)
    mine, other = race.reached
    if race.harmed(least=limits["least"], ratio=limits["ratio"]):
        if race.planned > 2 * race.steps[-1]:  # a net may find out about the padding later
            text = (
                f"{text} ({mine:.0%} of the labels in {race.steps[-1]} steps, {other:.0%} with"
            )
            return warned(f"{text} a mask), but more steps are planned", cause=cause, **fields)
        tried = {"before": mine, "after": other, "unit": "share explained"}
        fix = replace(fields["fix"], tried={**tried, "steps": race.steps[-1]})
        return failed(
            f"{text}: it explains {mine:.0%} of the labels in {race.steps[-1]} steps, and "
            f"{other:.0%} with a mask",
            cause=cause,
            **{**fields, "fix": fix},
        )
    return passed(f"{text}, and learns without ({mine:.0%} of the labels explained)", **fields)
