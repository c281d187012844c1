"""Is a loss of several outputs a label lowest, or highest, where an output says the label?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from keras_recipe.contract.probes import CLEAR, FEWEST
from keras_recipe.contract.references import CLASSIFIED, opposite
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed

ROWS = 64
MOST_PAIRS = 8  # pairs of a column of the output and one of the labels that are tried
STEPS = (-1.0, -0.5, 0.0, 0.5, 1.0)  # deviations of the labels from the label
MIDDLE = STEPS.index(0.0)


def _curves(scored: ScoredHead) -> Iterator[list[tuple[np.ndarray, float]]]:
    """Yield, for each pair of columns, the loss along the output with the others at two places.

    A curve is the loss where the column says the label moved by `STEPS`, and where it says the
    label of another row.
    """
    y = np.asarray(scored.y, dtype="float64").reshape(len(scored.y), -1)
    p = scored.p.reshape(len(scored.p), -1)
    if p.shape[1] * y.shape[1] > MOST_PAIRS or not np.isfinite(y).all():
        return
    for label in y.T:
        spread = label.std()
        if spread == 0:
            continue
        said = [label + step * spread for step in STEPS]
        said.append(opposite(label[:, None])[:, 0])
        for column in range(p.shape[1]):
            found = []
            for start in (p, np.zeros_like(p)):
                losses = []
                for value in said:
                    one = start.copy()
                    one[:, column] = value
                    losses.append(scored.loss(one.reshape(scored.p.shape)))
                found.append((np.array(losses[:-1]), losses[-1]))
            yield found


def _peaks(curve: np.ndarray, other: float) -> bool:
    """Whether a curve falls from the label to both sides, and to another row's label."""
    least = CLEAR * np.ptp(curve)
    if not np.isfinite(curve).all() or not least > 0:
        return False
    left, right = np.diff(curve[: MIDDLE + 1]), np.diff(curve[MIDDLE:])
    return bool(
        (left > least).all() and (right < -least).all() and curve[MIDDLE] > other + least
    )


def highest_at_the_label(scored: ScoredHead) -> Result | None:
    """No output may cost most just where it says the label, if none costs least there.

    For losses that read several numbers a label (a mean and a deviation, say), of which
    no right answer is known as a whole.
    """
    head = scored.head
    if head.loss.builtin or head.kind in CLASSIFIED or head.structure != "sample":
        return None
    if scored.y.size == scored.p.size or len(scored.p) < FEWEST:
        return None
    found = None
    for curves in _curves(scored.take(slice(0, ROWS))):
        if any(_peaks(-curve, -other) for curve, other in curves):
            return None
        if found is None and all(_peaks(curve, other) for curve, other in curves):
            found = curves[0][0]
    if found is None:
        return None
    at, off = float(found[MIDDLE]), float(max(found[0], found[-1]))
    return failed(
        f"The loss rewards being wrong: an output that says the label costs {at:.4g}, one "
        f"deviation beside it {off:.4g}; no output costs least at the label.",
        measured=at - off,
        expected=0.0,
        unit="loss at the label over that beside it",
        where=head.name,
        cause="The sign of the loss is flipped: a likelihood is to be made large, and training "
        "makes it small.",
        fix=Fix(text="Return the negative of the likelihood.", code="return -loss"),
    )
