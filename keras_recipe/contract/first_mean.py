"""Rules about the mean of the first predictions; each gives a finding or None."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import expit, logit, softmax

from keras_recipe.contract.baselines import Baseline, unit_of
from keras_recipe.contract.culprits import array, assigned, own_bias, were
from keras_recipe.contract.ranges import PROBABILITY, is_squared
from keras_recipe.contract.reach import BOUNDED, furthest_mean, travel
from keras_recipe.contract.references import CLASSIFIED, as_output
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.errors import InputError
from keras_recipe.core.result import Fix, Result, failed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import predict
from keras_recipe.surgery.initialize import initialize_output_bias
from keras_recipe.task import Head

MENDED = 0.5  # share of the offset that a change must take away to be its cause
NOTICED = 0.75  # share of the first loss that may be left after a change worth making
#: Nats of the odds within which a bias is taken as set from the labels' shares; more for a
#: focal loss, whose prior of 0.01 (Lin et al. 2017, 4.1) is used where labels are less rare.
ODDS, PRIOR = 1.0, 2.3
FAR_SHORT = 1 / 3  # share of the way to the mean that even the longest training goes


def has_mean(head: Head) -> bool:
    """Whether the best constant of a loss is a mean, a median or the like of the labels."""
    name = head.loss.name
    own = not head.loss.builtin and head.kind in ("regression", "counts")
    return name in PROBABILITY or is_squared(name) or name == "poisson" or own


def _copies_input(one: Baseline) -> bool:
    """Whether the targets are the inputs, as an autoencoder's are."""
    y = one.scored.y
    return any(
        x.shape == y.shape and bool(np.all(np.asarray(x) == y))
        for x in leaves(one.scored.batch.x)
    )


def distance(one: Baseline) -> float:
    """Return how far the mean prediction is from the best constant, in natural units.

    Nats for cross-entropy; for amounts, standard deviations of the target (root mean squares
    over the units).
    """
    if one.scored.head.kind in CLASSIFIED:
        return one.offset * (one.constant - one.perfect)
    y = np.asarray(one.scored.y, dtype="float64")
    spread = float(np.sqrt(y.var(0).mean()))
    way = float(np.sqrt(np.square(one.mean_prediction - one.best.prediction).mean()))
    return way / max(spread, 1e-12)


def unit(one: Baseline) -> str:
    """Return the unit of `distance`."""
    classified = one.scored.head.kind in CLASSIFIED
    return unit_of(one) if classified else "standard deviations of the target"


def _fields(one: Baseline) -> dict[str, Any]:
    return {
        "measured": distance(one),
        "expected": 0.0,
        "unit": unit(one),
        "where": one.scored.head.name,
        "evidence": {
            "mean_prediction": [float(v) for v in np.ravel(one.mean_prediction)[:32]],
            "best_constant": [float(v) for v in np.ravel(one.best.prediction)[:32]],
            "offset": one.offset,
        },
    }


def fixed(one: Baseline, sample: Batch) -> tuple[Fix, Baseline] | None:
    """Return the fix and the head after it; None where the bias can't be set."""
    model, bias = one.scored.model, one.scored.head.output.bias

    def initialize(any_model: Any) -> Any:
        return initialize_output_bias(any_model, sample.y, sample_weight=sample.sample_weight)

    if bias is None:
        return None
    with assigned([(v, array(v)) for v in _biases(model, bias)]):
        try:
            initialize(model)
        except InputError:
            return None
        moved = float(np.max(np.abs(array(bias))))
        outputs = predict(model, one.scored.batch.x)
    after = Baseline(ScoredHead(model, one.scored.head, one.scored.batch, outputs), one.best)
    tried: dict[str, Any] = {
        "before": one.actual,
        "after": after.actual,
        "unit": unit_of(one),
    }
    rate = model.optimizer.get_config().get("learning_rate")
    if isinstance(model.optimizer, BOUNDED) and isinstance(rate, int | float) and rate > 0:
        tried["saved_steps"] = math.ceil(moved / rate)
    fix = Fix(
        text="Set the output bias from the labels.",
        code="keras_recipe.initialize_output_bias(model, y)",
        action=initialize,
        tried=tried,
    )
    return fix, after


def _biases(model: Any, bias: Any) -> list[Any]:
    """Return every small variable, the output biases among them."""
    small = [v for v in model.trainable_variables if len(v.shape) < 2]
    return small if any(v is bias for v in small) else [*small, bias]


def _tells_shares(one: Baseline, bias: np.ndarray) -> bool:
    """Whether a bias says how frequent the labels are, the best constant of any loss or not.

    That of a focal loss is nearer to even, and still the prior is the start to choose.
    """
    target, head = as_output(one.scored), one.scored.head
    if target is None or head.kind not in CLASSIFIED or bias.size != target.shape[-1]:
        return False
    shares = np.clip(target.reshape(-1, bias.size).mean(0), 1e-6, 1 - 1e-6)
    exclusive = head.kind == "multiclass" and bias.size > 1
    limit = PRIOR if "focal" in (head.loss.name or "") else ODDS
    said = softmax(bias.ravel()) if exclusive else expit(bias.ravel())
    return bool(np.abs(logit(np.clip(said, 1e-6, 1 - 1e-6)) - logit(shares)).max() <= limit)


def wrong_bias(one: Baseline, fix: Fix | None, most: float) -> Result | None:
    """A bias that was set must not be worse than none."""
    bias = own_bias(one)
    if bias is None or not one.offset >= most or _tells_shares(one, array(bias)):
        return None
    without = were(one, [(bias, np.zeros(bias.shape))])
    if not without.offset <= MENDED * one.offset:
        return None
    return failed(
        f"With the output bias it was given, the untrained model is {distance(one):.3g} "
        f"{unit(one)} off the labels' average; with none it would be {distance(without):.3g}.",
        **_fields(one),
        cause="The output bias was set from other labels, another scale or another class.",
        fix=fix,
    )


def unreachable(
    one: Baseline, fix: Fix | None, probe: Batch, settings: FitSettings, least: float
) -> Result | None:
    """The training must be able to get to the mean of the targets at all."""
    scored = one.scored
    amounts = scored.head.kind in ("regression", "counts")
    if not amounts or scored.head.loss.name in PROBABILITY or not one.offset >= least:
        return None
    way = travel(scored.model, settings)
    if way is None:
        return None
    goal = np.ravel(np.broadcast_to(one.best.prediction, one.mean_prediction.shape))
    now = np.ravel(one.mean_prediction)
    worst = int(np.argmax(np.abs(goal - now)))
    start, needed = now[worst], goal[worst] - now[worst]
    if way >= FAR_SHORT * abs(needed):  # the bias alone gets there
        return None

    def enough(mean: np.ndarray) -> bool:
        return bool((np.ravel(mean)[worst] - start) / needed >= FAR_SHORT)

    means = furthest_mean(scored.model, scored.head.index, probe, way, enough=enough)
    gone = (means.reshape(len(means), -1)[:, worst] - start) / needed
    if not np.isfinite(gone).all() or gone.max() >= FAR_SHORT:
        return None
    end = float(start + gone.max() * needed)
    return failed(
        f"The targets' mean is {goal[worst]:.4g}, the first predictions' {start:.4g}: "
        f"{settings.epochs} epochs of {settings.steps_per_epoch} steps at this rate can move "
        f"no weight by more than {way:.3g}, which takes the output to {end:.4g} at most.",
        **_fields(one),
        cause="The targets are far from unit scale, and an adaptive optimizer's step does not "
        "grow with them.",
        fix=Fix(
            text="Standardise the targets; the output bias alone can be set from them.",
            code="y = (y - y.mean()) / y.std()",
            action=fix.action if fix else None,
            tried=fix.tried if fix else {},
        ),
    )


def off_the_mean(
    one: Baseline, fix: tuple[Fix, Baseline] | None, least: float
) -> Result | None:
    """The first steps should not be spent on learning the bias."""
    if fix is None or not one.offset >= least or _copies_input(one):
        return None
    bias = own_bias(one)
    if bias is not None and _tells_shares(one, array(bias)):  # set from the labels already
        return None
    advice, after = fix
    lost, left = one.actual - one.perfect, after.actual - one.perfect
    if not (after.offset <= MENDED * one.offset and left <= NOTICED * lost):
        return None
    steps = advice.tried.get("saved_steps")
    saved = f" (the bias on its own would need {steps} steps at this rate)" if steps else ""
    return warned(
        f"The first predictions are {distance(one):.3g} {unit(one)} off the labels' average; a "
        f"bias set from the labels lowers the first loss from {one.actual:.4g} to "
        f"{after.actual:.4g}{saved}.",
        **_fields(one),
        cause="The output bias starts at 0: the first steps only learn how frequent each label "
        "is, or how large.",
        fix=advice,
    )
