"""Does a loss read how long a vector of amounts is, or only where it points?"""

from __future__ import annotations

import numpy as np

from keras_recipe.contract.references import as_output
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed, warned

ALIKE = 1e-5  # rounding of float32
LEAST = 0.1  # lengths of labels whose deviation is a third of their mean lose this much
AMOUNTS = ("mae", "mse", "rmse", "absolute", "squared", "r2")  # in names of metrics


def _only_points(scored: ScoredHead, target: np.ndarray) -> bool:
    """Whether any lengths of the predicted vectors cost the same, and directions do not."""
    random = np.random.default_rng(0)
    said = target + target.std() * random.normal(size=target.shape)
    factor = random.uniform(0.5, 2.0, (*said.shape[:-1], 1))
    loss, stretched, turned = (scored.loss(p) for p in (said, factor * said, -said))
    least = ALIKE * max(abs(loss), 1e-3)
    return bool(abs(loss - stretched) <= least and abs(loss - turned) > 10 * least)


def length_never_learned(scored: ScoredHead) -> Result | None:
    """A loss of amounts must tell twice the amount from the amount.

    FAIL where amounts are what is wanted: a metric measures them, the task was named by the
    user, or there is but one number, whose direction is its sign; else WARN, for a vector
    may be wanted for its direction alone.
    """
    head, target = scored.head, as_output(scored)
    if head.kind not in ("regression", "counts") or target is None or target.std() == 0:
        return None
    lengths = np.linalg.norm(target, axis=-1)
    share = float(1 - lengths.mean() ** 2 / np.square(lengths).mean())
    if share < LEAST or not _only_points(scored, target):
        return None
    asked = [name for name in head.metrics if any(part in name for part in AMOUNTS)]
    wanted = asked or head.units == 1 or "task=" in head.reason
    low, high = np.quantile(lengths, [0.05, 0.95])
    return (failed if wanted else warned)(
        f"The loss ({head.loss.name}) costs the same when outputs are doubled: how long a "
        f"prediction is, is never learned, but the labels' lengths go from {low:.3g} to "
        f"{high:.3g} (5 to 95 %)" + (f", and {asked[0]} measures amounts." if asked else "."),
        measured=share,
        expected=0.0,
        unit="share of the labels' squares that their varying length makes up",
        where=head.name,
        cause="A cosine compares directions; amounts need a distance.",
        fix=Fix(
            text="Use a squared or absolute error; or divide the labels by their length, if "
            "only their direction counts.",
            code="loss='mean_squared_error'",
        ),
    )
