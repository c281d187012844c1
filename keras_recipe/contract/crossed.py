"""Does a loss of the user's own compare each row with its own label only?"""

from __future__ import annotations

import numpy as np

from keras_recipe.contract.probes import CLEAR, FEWEST
from keras_recipe.contract.references import References, references
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed

ROWS = 24
RTOL = 1e-4  # rounding of a mean of float32


def _one_by_one(scored: ScoredHead, prediction: np.ndarray) -> float:
    """Return the mean loss of the rows, each as a batch of its own."""
    rows = [slice(i, i + 1) for i in range(len(prediction))]
    return float(np.mean([scored.take(row).loss(prediction[row]) for row in rows]))


def _crossed(scored: ScoredHead, form: References) -> tuple[float, float] | None:
    """Return the loss of right answers together and one by one, if the two contradict.

    One by one the right answers are cheaper than a constant, together they are dearer, and it
    makes no difference which row an answer is given for.
    """
    right, even = form.perfect, form.constant
    together = [scored.loss(p) for p in (right, even, np.roll(right, 1, axis=0))]
    if not np.isfinite(together).all() or np.ptp(right, axis=0).max() == 0:
        return None
    perfect, constant, moved = together
    if perfect <= constant + CLEAR * abs(perfect) or abs(perfect - moved) > RTOL * abs(perfect):
        return None
    alone = [_one_by_one(scored, p) for p in (right, even)]
    if not np.isfinite(alone).all() or not alone[0] < alone[1] - CLEAR * abs(alone[1]):
        return None
    return perfect, alone[0]


def compared_with_others(scored: ScoredHead) -> Result | None:
    """The loss of a batch of right answers must not be that of wrong ones.

    Args:
        scored: A head whose labels have as many numbers as its output.
    """
    if scored.head.loss.builtin or len(scored.p) < FEWEST:
        return None
    few = scored.take(slice(0, ROWS))
    found = [_crossed(few, form) for form in references(few)]
    known = [pair for pair in found if pair is not None]
    if not known or len(known) < len(found):
        return None
    together, alone = known[0]
    return failed(
        f"The loss of {len(few.p)} right answers is {together:.4g}, more than that of a "
        f"constant and the same for any order of them; one by one they cost {alone:.4g}.",
        measured=together,
        expected=alone,
        unit="loss of right answers",
        where=scored.head.name,
        cause="Inside the loss labels `(n,)` meet outputs `(n, 1)` and are broadcast to "
        "`(n, n)`: each row is compared with the labels of all rows.",
        fix=Fix(
            text="Give labels and outputs one shape before they are compared.",
            code="y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred))",
        ),
    )
