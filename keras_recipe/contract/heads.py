"""Rules about what a head says and what its loss reads; each gives a finding or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from keras_recipe.contract.ranges import POSITIVE, PROBABILITY, RANGES, RENORMALISED, head_range
from keras_recipe.contract.references import as_output
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.loss import predict
from keras_recipe.surgery.activations import activation_name
from keras_recipe.task import EXCLUSIVE, INDEPENDENT, Head

TOLERANCE = 1e-2  # rounding of float16 probabilities, with room to spare
ALIKE = 1e-6


def named(head: Head) -> str:
    """Return the loss as one would write it."""
    logits = ", from_logits=True" if head.loss.from_logits else ""
    return f"{head.loss.name}{logits}"


def layer_name(head: Head) -> str:
    """Return the layer to look at."""
    return getattr(head.output.layer, "name", "") or head.name


def activation_fix(head: Head, activation: str) -> Fix:
    """Return the advice to change the output's activation."""
    code = f"keras.layers.Dense({head.units}, activation={activation!r})"
    return Fix(text=f"Give the output layer the activation {activation!r}.", code=code)


def adds_to_one(p: np.ndarray) -> bool:
    """Whether every row is a distribution over the last axis."""
    return bool(p.shape[-1] > 1 and p.min() >= 0 and np.abs(p.sum(-1) - 1).max() < TOLERANCE)


def one_unit(scored: ScoredHead) -> Result | None:
    """Softmax, or an exclusive loss, over a single unit can't say anything."""
    head = scored.head
    if head.units != 1:
        return None
    if head.activation == "softmax" and np.ptp(scored.p) <= ALIKE:
        return failed(
            "A softmax over one unit always says 1: the model cannot predict anything else.",
            measured=float(np.ptp(scored.p)),
            expected=1.0,
            unit="range of outputs",
            where=layer_name(head),
            cause="Softmax divides each score by the sum of the scores, here by itself.",
            fix=activation_fix(head, "sigmoid" if head.kind != "regression" else "linear"),
        )
    if head.loss.name in EXCLUSIVE and head.loss.builtin:
        return failed(
            f"{named(head)} over one unit is the same whatever the model says.",
            measured=1.0,
            expected=2.0,
            unit="output units",
            where=layer_name(head),
            cause="It compares classes with each other, and there is one.",
            fix=Fix(
                text="Use one sigmoid unit (binary_crossentropy) or one softmax unit a class.",
                code="Dense(1, activation='sigmoid')  # loss='binary_crossentropy'",
            ),
        )
    return None


def squashed_twice(scored: ScoredHead) -> Result | None:
    """A loss told `from_logits` must get scores, not what softmax or sigmoid made of them."""
    head, p = scored.head, scored.p
    if not (head.loss.from_logits and head.loss.name in PROBABILITY):
        return None
    low, high = head_range(head)
    simplex = head.loss.name in EXCLUSIVE and adds_to_one(p)
    if np.isfinite([low, high]).all() or simplex:
        squash = "softmax" if head.loss.name in EXCLUSIVE else "sigmoid"
        what = head.activation if head.activation != "unknown" else "softmax"
        return failed(
            f"The output went through {what} already and the loss ({named(head)}) applies "
            f"{squash} again: outputs span {p.min():.3g} to {p.max():.3g}, where scores need "
            "an open range.",
            measured=float(np.ptp(p)),
            unit="range of outputs",
            where=layer_name(head),
            cause="`from_logits=True` says that the outputs are raw scores; they are not. "
            "TensorFlow undoes this in silence for some heads, JAX and PyTorch do not.",
            fix=Fix(
                text="Drop `from_logits=True`, or the output's activation.",
                code=f"loss=keras.losses.{class_name(head.loss.name)}(from_logits=False)",
            ),
        )
    if np.isfinite(low) and head.loss.name in INDEPENDENT:
        found = _never_below(scored, low, f"{head.activation} and the sigmoid of the loss")
        if found:
            return found
    if low >= 0:
        return warned(
            f"The scores that {named(head)} reads come out of {head.activation}: none of "
            "them can be negative.",
            where=layer_name(head),
            cause="A class whose score is cut off at 0 gets no gradient.",
            fix=activation_fix(head, "linear"),
        )
    return None


def class_name(name: str) -> str:
    """Return the class of a loss: `BinaryCrossentropy`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _never_below(scored: ScoredHead, low: float, through: str) -> Result | None:
    """A sigmoid of scores that cannot fall has a least probability above that of a "no".

    Args:
        scored: The head.
        low: The smallest score.
        through: What the output goes through, in words.
    """
    head, target = scored.head, as_output(scored)
    least = 1 / (1 + np.exp(-low))
    if target is None or head.kind not in ("binary", "multilabel") or not head.loss.builtin:
        return None
    below = float((target < least).mean())
    if not below:
        return None
    return failed(
        f"The output goes through {through}: it can never say less than {least:.3g}, and "
        f"{below:.0%} of the labels are less.",
        measured=least,
        expected=float(target.min()),
        unit="smallest probability",
        where=layer_name(head),
        cause="sigmoid needs scores of any size; cut off below, a score that would say no has "
        "no slope either.",
        fix=activation_fix(head, "linear" if head.loss.from_logits else "sigmoid"),
    )


def _draws(scored: ScoredHead) -> bool:
    """Whether two predictions of the same rows differ: what does that is no activation."""
    one, two = (predict(scored.model, scored.batch.x) for _ in range(2))
    pairs = zip(keras.tree.flatten(one), keras.tree.flatten(two), strict=True)
    return any(not np.array_equal(a, b) for a, b in pairs)


def stacked(scored: ScoredHead) -> Result | None:
    """Softmax and sigmoid read scores of any size, not what another activation left of them."""
    head = scored.head
    own = getattr(head.output.layer, "activation", None)
    if own is None or head.sure or head.activation not in ("softmax", "sigmoid"):
        return None
    under = activation_name(own, len(head.shape) + 1)
    low, high = RANGES.get(under, (-np.inf, np.inf))
    if head.activation == "sigmoid" and np.isfinite(low) and not np.isfinite(high):
        return _never_below(scored, low, f"{under} and then through sigmoid")
    if not np.isfinite([low, high]).all() or _draws(scored):
        return None
    share = np.exp(high) / (np.exp(high) + (max(head.units, 2) - 1) * np.exp(low))
    most = share if head.activation == "softmax" else 1 / (1 + np.exp(-high))
    return failed(
        f"The output goes through {under} and then through {head.activation}: it can never say "
        f"more than {most:.3g} (now {scored.p.max():.3g}).",
        measured=float(scored.p.max()),
        expected=1.0,
        unit="largest probability",
        where=layer_name(head),
        cause=f"{head.activation} needs scores of any size, {under} leaves {low:.3g} to "
        f"{high:.3g}.",
        fix=Fix(
            text="Keep one of the two activations.",
            code=f"keras.layers.Dense({head.units}, activation={head.activation!r})",
        ),
    )


def raw_scores(scored: ScoredHead) -> Result | None:
    """A loss of probabilities must not get numbers that are none."""
    head, p = scored.head, scored.p
    name = head.loss.name
    if (
        name not in PROBABILITY
        or not head.loss.builtin  # a function of the user's by that name may take scores
        or head.loss.from_logits
        or (head.units == 1 and name in EXCLUSIVE)
    ):
        return None
    low, high = head_range(head)
    if (low >= 0 and high <= 1) or (name in EXCLUSIVE and adds_to_one(p)):
        return None
    normalised = name in RENORMALISED
    outside = p.min() < -TOLERANCE or (p.max() > 1 + TOLERANCE and not normalised)
    if normalised and head.activation in POSITIVE:
        return warned(
            f"{name} divides {head.activation} outputs by their sum: the loss is right, but "
            "the outputs are no probabilities.",
            where=layer_name(head),
            cause="Only a softmax makes them add up to 1.",
            fix=activation_fix(head, "softmax"),
        )
    if not outside and not (head.sure and head.activation != "unknown"):
        return None
    squash = "softmax" if name in EXCLUSIVE or name == "kl_divergence" else "sigmoid"
    return failed(
        f"{name} expects probabilities but gets {head.activation} outputs from {p.min():.3g} "
        f"to {p.max():.3g}.",
        measured=float(((p < 0) | (p > 1)).mean()),
        expected=0.0,
        unit="share of outputs outside [0, 1]",
        where=layer_name(head),
        cause="The loss clips what is no probability to 0 or 1, where it has no gradient: the "
        "loss can read 0, or not move at all.",
        fix=Fix(
            text=f"Give the output layer a {squash}, or tell the loss that it gets scores.",
            code=f"loss=keras.losses.{class_name(name)}(from_logits=True)"
            if head.activation == "linear" and name != "kl_divergence"
            else f"keras.layers.Dense({head.units}, activation={squash!r})",
        ),
    )


def poisson(scored: ScoredHead) -> Result | None:
    """Poisson's loss takes the logarithm of the output: it must be positive."""
    head, p = scored.head, scored.p
    if head.loss.name != "poisson" or not head.loss.builtin:
        return None
    if head_range(head)[0] >= 0 or p.min() >= 0:
        return None
    return failed(
        f"The Poisson loss takes the logarithm of the output, and {(p < 0).mean():.0%} of the "
        "outputs are negative.",
        measured=float((p < 0).mean()),
        expected=0.0,
        unit="share of outputs",
        where=layer_name(head),
        cause="A rate is positive; this head can say anything.",
        fix=activation_fix(head, "softplus"),
    )


RULES: Sequence[Callable[[ScoredHead], Result | None]] = (
    one_unit,
    squashed_twice,
    stacked,
    raw_scores,
    poisson,
)
