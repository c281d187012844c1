"""Label smoothing leaves the label the largest part of what the loss asks for."""

from __future__ import annotations

from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.task import INDEPENDENT

MOST = 0.5  # beyond it more of a target is smoothing than label


def smoothed_away(scored: ScoredHead) -> Result | None:
    """The smoothed target of the right class must be larger than that of the others.

    Keras turns a target `y` into `(1 - s) * y + s / K`, `K` classes (2 of a yes or no). From
    `s = 1` on it no longer depends on the label, or says the opposite, whatever the labels are.
    Szegedy et al. 2016 take 0.1.
    """
    head = scored.head
    smoothing = head.loss.label_smoothing
    if smoothing <= MOST:
        return None
    classes = 2 if head.loss.name in INDEPENDENT else max(head.units, 2)
    other = smoothing / classes
    right = 1 - smoothing + other
    nothing = smoothing >= 1
    end = "the labels say nothing" if smoothing == 1 else "the labels say the opposite"
    verdict, end = (failed, f": {end}") if nothing else (warned, "")
    return verdict(
        f"With label_smoothing={smoothing:g} the loss asks for {right:.3g} where a label says "
        f"yes and for {other:.3g} where it says no{end}.",
        measured=float(smoothing),
        expected=0.1,
        unit="label smoothing",
        where=head.name,
        cause="label_smoothing is the share that is taken from the label, not what it keeps.",
        fix=Fix(
            text="Smooth by 0.1 at first, or not at all.",
            code="keras.losses.CategoricalCrossentropy(label_smoothing=0.1)",
        ),
    )
