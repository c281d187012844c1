from __future__ import annotations

from typing import Any

from keras_recipe.contract.baselines import amount, baselines, unit_of
from keras_recipe.contract.first_loss import not_finite, too_high, too_low
from keras_recipe.contract.ranges import CROSS_ENTROPIES
from keras_recipe.contract.scored import scored_heads
from keras_recipe.contract.verdict import worst
from keras_recipe.core.check import check
from keras_recipe.core.result import Result, passed
from keras_recipe.data.batch import Batch
from keras_recipe.task import Task


@check("KR204", cost="forward", requires=("KR101", "KR202", "KR203"))
def loss_at_init(
    model: Any,
    task: Task,
    sample: Batch,
    predictions: Any,
    *,
    factor: float = 3.0,
    other_factor: float = 10.0,
    gain: float = 3.0,
    z: float = 4.0,
) -> Result:
    """An untrained model loses about as much as one that knows nothing.

    Why:
        What knowing nothing costs can be computed before training: the model's own loss of the
        best constant prediction (ln K for K balanced classes, the variance for squared error)
        and of zero scores. A first loss far above it means that the model is sure of
        nonsense: weights or a bias of an absurd scale, or inputs that are. A first loss far
        below, without any relation between predictions and labels, means that the loss does
        not measure what it should. FAIL only where taking out the weights' scale or the bias
        mends it, or where the loss contradicts itself; large inputs alone give WARN, and none
        where a BatchNormalization takes their scale out as it does in training. A model that
        is already better than a constant was trained before, and passes.
    Fix:
        Default initial weights (glorot, he, lecun), inputs at unit scale, and
        `keras_recipe.initialize_output_bias`.
    Tune:
        factor: First loss over that of knowing nothing, for cross-entropies; no unit. Healthy
            networks (6 initializers x 7 shapes x 3 data sets) on inputs at unit scale stayed
            below 2.4; peers alarm at 1.75 to 2.
        other_factor: The same for other losses, squared or focal; no unit.
        gain: Root mean square of a kernel times the square root of its fan-in above which its
            scale may be to blame; no unit. He: 1.41, Glorot at most 1.41, LeCun 1.
        z: Standard errors of the sample that a loss must lie below the best constant's.
    Source:
        Karpathy 2019, stage 2, "verify loss @ init"; He 2015 and Glorot 2010 for the gains.
    """
    heads = scored_heads(model, task, sample, predictions)
    broken = worst(not_finite(head) for head in heads)
    if broken:
        return broken
    found: list[Result | None] = []
    known = baselines(model, task, sample, predictions)
    for one in known:
        plain = one.scored.head.loss.name in CROSS_ENTROPIES
        most = factor if plain else other_factor
        found += [too_high(one, most, gain), too_low(one, z)]
    said = [
        f"{amount(one.actual, one)} (best constant {one.constant:.4g}, zeros {one.zero:.4g})"
        for one in known
    ]
    return worst(found) or passed(
        f"The first loss is {'; '.join(said)}.",
        measured=known[0].actual,
        expected=known[0].constant,
        unit=unit_of(known[0]),
    )
