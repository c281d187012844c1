"""Rules that ask the model's own loss about predictions of known worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_recipe.contract.ranges import PROBABILITY, head_range
from keras_recipe.contract.references import References, as_output, references
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned

CLEAR = 1e-3  # share of the loss's own range below which two losses are taken as equal
FLAT_ROWS = 24
FEWEST = 8  # rows that a share is taken of
ALIKE = 1e-6  # rounding of float32
STEP = 0.05  # share of the way to the right answer
UNREACHABLE = 0.05  # share of what a constant leaves to learn that the head can't express
HALF = 0.5
BEYOND = (0.5, 1.0, 1.1, 1.25, 1.5)  # from right (0) through opposite (1) answers


def _linear(scored: ScoredHead, z: np.ndarray) -> bool:
    """Whether a loss is linear in its prediction, like a critic's, whose sign is free."""
    at = [scored.loss(factor * z) for factor in (0.0, 1.0, 2.0, -1.0)]
    one, two, minus = (value - at[0] for value in at[1:])
    scale = CLEAR * abs(one)
    return bool(abs(two - 2 * one) <= scale and abs(minus + one) <= scale)


def _made_for_the_opposite(scored: ScoredHead, form: References) -> bool:
    """Whether the opposite answers are a minimum that a loss of the user's own was built with.

    A flipped sign leaves none: the loss goes on falling, or stays, beyond the opposite. A
    metric that reads the output as the label says that it is meant so.
    """
    head = scored.head
    if head.loss.builtin or head.metrics:
        return False
    ways = [scored.loss(form.perfect + t * (form.wrong - form.perfect)) for t in BEYOND]
    rise = ways[-1] - min(ways)  # of a root of less than nothing there is no number
    return bool(rise > CLEAR * abs(ways[0] - min(ways)))


def rewards_being_wrong(scored: ScoredHead) -> Result | None:
    """The right answer must cost less than the opposite of it."""
    orders = []
    for form in references(scored):
        losses = [scored.loss(p) for p in (form.perfect, form.constant, form.wrong)]
        if np.isfinite(losses).all() and np.ptp(losses) > 0:
            orders.append((form, losses))
    if not orders:
        return None
    for form, (perfect, constant, wrong) in orders:
        least = CLEAR * (abs(perfect - wrong))
        if not (perfect > constant + least and constant > wrong + least):
            return None
        if _linear(scored, form.perfect):
            return None
    perfect, constant, wrong = orders[0][1]
    text = (
        f"right answers cost {perfect:.4g}, a constant {constant:.4g} and the opposite of the "
        f"right answers {wrong:.4g}"
    )
    if _made_for_the_opposite(scored, orders[0][0]):
        return warned(
            f"The loss is lowest where the output says the opposite of the label: {text}; a "
            "distance is meant to be small where the label is 1.",
            measured=perfect - wrong,
            expected=0.0,
            unit="loss of right answers over that of wrong ones",
            where=scored.head.name,
            cause="The output is a distance, or the labels are swapped in the loss.",
            fix=Fix(text="Swap the labels, if the output is to be read as they are."),
        )
    return failed(
        f"The loss rewards being wrong: {text}.",
        measured=perfect - wrong,
        expected=0.0,
        unit="loss of right answers over that of wrong ones",
        where=scored.head.name,
        cause="The sign of the loss is flipped: training minimises it and so moves away from "
        "the labels.",
        fix=Fix(text="Return the error itself, not its negative.", code="return -loss"),
    )


def blind_to_a_class(scored: ScoredHead) -> Result | None:
    """Wrong answers must cost something, whichever of two labels they are wrong about."""
    head, target, forms = scored.head, as_output(scored), references(scored)
    if head.loss.builtin or head.kind != "binary" or head.units != 1 or target is None:
        return None
    for value in (0, 1):
        where = target == value
        if min(where.sum(), (~where).sum()) < FEWEST:
            return None
        costs = [
            (scored.loss(np.where(where, form.wrong, form.perfect)), scored.loss(form.perfect))
            for form in forms
        ]
        if not all(abs(wrong - right) <= ALIKE * abs(right) for wrong, right in costs):
            continue
        named = float(np.asarray(scored.y, dtype="float64").reshape(target.shape)[where].min())
        return failed(
            f"The loss doesn't care what is said of the rows labelled {named:g}: right and "
            "wrong answers cost the same.",
            measured=abs(costs[0][0] - costs[0][1]),
            unit="loss of wrong over right answers",
            where=head.name,
            cause="A term for that label is missing, or the loss expects labels -1 and +1.",
            fix=Fix(text="Use Keras's own loss.", code="loss='binary_crossentropy'"),
        )
    return None


def _rowwise(scored: ScoredHead, prediction: np.ndarray) -> np.ndarray:
    """Return the loss of each row on its own."""
    rows = [slice(i, i + 1) for i in range(len(prediction))]
    return np.array([scored.take(row).loss(prediction[row]) for row in rows])


def _flat_share(scored: ScoredHead, start: np.ndarray, right: np.ndarray) -> float:
    """Return the share of rows whose loss stays the same on a step to the right answer.

    Rows whose loss is as low as that of the right answer have nothing to gain: left out. NaN
    where too few rows are left.
    """
    before = _rowwise(scored, start)
    after = _rowwise(scored, start + STEP * (right - start))
    best = _rowwise(scored, right)
    open_rows = np.isfinite(before + after + best) & (before > best + CLEAR * np.abs(before))
    if open_rows.sum() < FEWEST:
        return float("nan")
    still = np.abs(after - before) <= ALIKE * np.abs(before)
    return float(still[open_rows].mean())


def _within_range(scored: ScoredHead) -> ScoredHead:
    """Return the rows whose targets the head can say: others may be marked as not labelled."""
    low, high = head_range(scored.head)
    target = as_output(scored)
    if target is None:
        return scored
    inside = ((target >= low) & (target <= high)).reshape(len(target), -1).all(1)
    return scored if inside.all() else scored.take(np.flatnonzero(inside))


def flat_where_wrong(scored: ScoredHead) -> Result | None:
    """A wrong answer must be told which way is better."""
    if scored.head.loss.builtin:
        return None
    scored = _within_range(scored)
    if len(scored.p) < FEWEST:
        return None
    random = np.random.default_rng(0)
    chosen = np.sort(random.permutation(len(scored.p))[:FLAT_ROWS])
    few, forms = scored.take(chosen), references(scored)
    shares = []
    for form in forms:
        even, right, wrong = (v[chosen] for v in (form.constant, form.perfect, form.wrong))
        shares.append([_flat_share(few, start, right) for start in (even, wrong)])
    known = [pair for pair in shares if np.isfinite(pair).any()]
    if not known:
        return None
    ignorant, wrong_share = np.nan_to_num(np.array(known)).min(axis=0)
    if max(ignorant, wrong_share) < HALF:
        return None
    say = failed if ignorant >= HALF else warned
    start = "the best constant" if ignorant >= HALF else "an opposite answer"
    share = float(ignorant if ignorant >= HALF else wrong_share)
    return say(
        f"For {share:.0%} of the rows the loss of {start} does not change on a step towards "
        "the right answer: those rows teach nothing.",
        measured=share,
        expected=0.0,
        unit="share of rows without gradient",
        where=scored.head.name,
        cause="The loss is clipped (minimum, clip, sign, round, a comparison): beyond the "
        "bound it has no slope.",
        fix=Fix(
            text="Clip the gradient, not the loss.",
            code="keras.optimizers.Adam(global_clipnorm=1.0)",
        ),
    )


def _on_simplex(values: np.ndarray) -> np.ndarray:
    """Return the nearest points that are distributions over the last axis (Duchi 2008)."""
    ranked = -np.sort(-values, axis=-1)
    excess = (np.cumsum(ranked, -1) - 1) / np.arange(1, values.shape[-1] + 1)
    count = (ranked > excess).sum(-1, keepdims=True)
    return np.maximum(values - np.take_along_axis(excess, count - 1, -1), 0)


def out_of_reach(scored: ScoredHead) -> Result | None:
    """The head must be able to say what the targets say."""
    head = scored.head
    low, high = head_range(head)
    target = as_output(scored)
    if target is None or head.loss.name in PROBABILITY or not np.isfinite([low, high]).any():
        return None
    if head.kind in ("binary", "multilabel"):
        target = np.asarray(scored.y, dtype="float64").reshape(target.shape)
        if head.loss.name in ("hinge", "squared_hinge") and target.min() >= 0:
            target = 2 * target - 1
    near = np.clip(target, low, high)
    if head.activation == "softmax" and head.units > 1:
        near = _on_simplex(target)
    best, nearest = scored.loss(target), scored.loss(near)
    constant = scored.loss(np.broadcast_to(target.mean(0, keepdims=True), target.shape))
    if not (constant > best) or not np.isfinite(nearest):
        return None
    share = (nearest - best) / (constant - best)
    if share < UNREACHABLE:
        return None
    outside = float((np.abs(near - target) > ALIKE * np.abs(target).max()).mean())
    return failed(
        f"{head.activation} gives {low:.3g} to {high:.3g}, but {outside:.0%} of the targets "
        f"are out of its reach (they span {target.min():.3g} to {target.max():.3g}): the "
        f"nearest it can say costs {nearest:.4g}, a constant {constant:.4g}.",
        measured=float(share),
        expected=0.0,
        unit="share of what a constant leaves to learn",
        where=getattr(head.output.layer, "name", "") or head.name,
        cause="The output's activation is bounded and the targets are not, or are on another "
        "scale.",
        fix=Fix(
            text="Use a linear output, or bring the targets into the range of the activation.",
            code=f"keras.layers.Dense({head.units})",
        ),
        evidence={"loss_at_targets": best, "nearest": nearest, "constant": constant},
    )


RULES: Sequence[Callable[[ScoredHead], Result | None]] = (
    rewards_being_wrong,
    blind_to_a_class,
    out_of_reach,
    flat_where_wrong,
)
