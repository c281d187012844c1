from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.contest import Contest, Side, contest, split_rows, steps_for
from keras_recipe.experiments.references import references
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import LossUndefined, predict
from keras_recipe.surgery.burden import Burden, burden_of
from keras_recipe.surgery.optimizer import is_warming_up
from keras_recipe.surgery.toggles import switch_off_regularization, without_regularization
from keras_recipe.task import Task

_AS_GOOD = 0.8  # share of what is learned without regularisation that counts as no harm


def _learnable(model: Any, task: Task, sample: Batch) -> float:
    """Return the loss between the best constant and perfect predictions; 0 if not known."""
    rows = sample.take(slice(0, 256))
    try:
        floor, constant = references(model, task, rows, predict(model, rows.x))
    except LossUndefined:
        return 0.0
    return max(constant - floor, 0.0)


def _suspected(load: Burden, share: float, limits: dict[str, float]) -> list[str]:
    found = []
    if max((rate for _, rate in load.dropout), default=0.0) >= limits["rate"]:
        found.append("a dropout rate that drops more than it keeps")
    elif load.dropout and load.kept <= limits["kept"]:
        found.append(f"dropout layers that pass {load.kept:.0%} in all")
    if max((size for _, size in load.noise), default=0.0) >= limits["noise"]:
        found.append("noise half as large as unit values, or more")
    if share >= limits["penalty"]:
        found.append(f"penalties of {share:.0%} of what is to be learned")
    if load.decay >= limits["decay"]:
        found.append(f"weight decay {load.decay:g}")
    return found


@check("KR218", cost="train", requires=("KR101", "KR203"))
def keep_it_simple(
    model: Any,
    sample: Batch,
    probe: Batch,
    task: Task,
    fit: FitSettings,
    seed: int,
    *,
    rate: float = 0.6,
    kept: float = 0.2,
    noise: float = 0.5,
    penalty: float = 0.3,
    decay: float = 0.1,
    most_steps: int = 400,
    least: float = 0.3,
    ratio: float = 0.6,
    seconds: float = 10.0,
) -> Result:
    """Nothing that is meant against overfitting stands in the way of fitting.

    Why:
        Dropout, penalties, noise and augmentation are for a model that has overfitted. Before
        that they hide faults, and in strength they keep the model near a constant prediction.
    Fix:
        Take them out, make the model overfit, then put them back one at a time.
    Tune:
        rate: Dropout rate from which on it is tried; Srivastava et al. 2014 keep 0.5 to 0.8
            of the hidden units.
        kept: Share of values that pass all dropout layers in a row below which it is tried.
        noise: Deviation of added noise from which on it is tried; values of unit scale have 1.
        penalty: Penalties of the untrained model, as a share of the loss that can be learned,
            from which on they are tried.
        decay: Decoupled weight decay from which on it is tried.
        most_steps: Most steps of each training; the plan's where that has fewer.
        least: Share of the way from the best constant's loss to the lowest reachable one, on
            held-out rows, that training without them must reach for a FAIL.
        ratio: Share of that under which the model as it is must stay for a FAIL, also when its
            last pace goes on to the end of the plan.
        seconds: Time after which no further training is started; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 2, "simplify": turn off any unnecessary fanciness. Judged by the
        same weights, rows, order and steps with and without.
    """
    load = burden_of(model, probe.x)  # a model for one batch size takes these as they are
    way = _learnable(model, task, sample) if load.penalty and sample.y is not None else 0.0
    share = load.penalty / way if way else 0.0
    limits = {"rate": rate, "kept": kept, "noise": noise, "penalty": penalty, "decay": decay}
    found = _suspected(load, share, limits)
    text = f"there is {'; '.join(load.parts)}" if load.parts else "there is nothing to take out"
    fields: dict[str, Any] = {
        "measured": float(len(load.parts)),
        "unit": "kinds",
        "where": ", ".join(path for path, _ in (*load.dropout, *load.noise)[:5]),
        "evidence": {"kinds": load.parts, "kept": load.kept, "penalty_share": share},
    }
    trains = sample.y is not None and model.trainable_variables and len(sample) >= 16
    steps, planned = steps_for(model, fit, int(most_steps))
    if not found or not trains or has_own_step(model):
        return passed(text, **fields)
    if is_warming_up(model.optimizer, steps, planned):
        return passed(f"{text}; the rate is still warming up", **fields)
    rows, held = split_rows(sample, seed)
    as_it_is = Side(rows=rows, score=lambda: skill(model, task, held))
    race = contest(
        model,
        as_it_is,
        Side(rows=rows, score=as_it_is.score, during=without_regularization),
        steps=steps,
        planned=planned,
        batch_size=min(fit.batch_size, len(rows)),
        seed=seed,
        least=least,
        ratio=ratio,
        seconds=seconds,
        enough=_AS_GOOD,
    )
    return _judged(race, f"{text} ({', '.join(found)})", fields, least, ratio)


def _judged(
    race: Contest | None, text: str, fields: dict[str, Any], least: float, ratio: float
) -> Result:
    if race is None:
        return passed(f"{text}; training takes too long to try it", **fields)
    before, after = race.reached
    steps = race.steps[-1]
    text = f"{text}; in {steps} steps the model explains {before:.0%} of the labels"
    if before >= max(_AS_GOOD * after, least):
        return passed(f"{text}, so they do no harm", **fields)
    text = f"{text}, and {after:.0%} without"
    fix = Fix(
        text="Take them out until the model overfits, then bring them back one at a time.",
        code="recipe_model.set_dropout(0.0).set_weight_decay(0.0)",
        action=switch_off_regularization,
        tried={"before": before, "after": after, "unit": "share explained", "steps": steps},
    )
    told = {**fields, "measured": before, "expected": after, "unit": "share explained"}
    if race.harmed(least=least, ratio=ratio):
        cause = "The regularisation is so strong that it keeps the model from fitting."
        return failed(text, cause=cause, fix=fix, **told)
    if after >= least:
        return warned(text, cause="It slows learning down.", fix=fix, **told)
    return passed(text, **told)
