from functools import partial
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.contest import Side, contest, split_rows, steps_for
from keras_recipe.experiments.contest_result import result_of
from keras_recipe.experiments.scaling import input_scales, rescaled
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.target_scaling import rescaled_targets, target_scales
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.normalize import put_normalization_first
from keras_recipe.task import Task


@check("KR109", cost="forward", requires=("KR101", "KR102"))
def input_scale(
    model: Any,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    seed: int,
    *,
    largest: float = 10.0,
    smallest: float = 0.05,
    most_steps: int = 1000,
    least: float = 0.3,
    ratio: float = 0.5,
    seconds: float = 20.0,
) -> Result:
    """Inputs reach the first layer at a scale that does not stand in the way of training.

    Why:
        Default initial weights and learning rates are made for inputs around 0 with deviation
        1. With pixels to 255 or incomes in thousands units saturate or die, and some weights
        need steps a thousand times as large as others.
    Fix:
        Put an adapted `Normalization` (or `Rescaling(1/255)` for pixels) first in the model.
    Tune:
        largest: Mean (absolute) or deviation of a feature above which the scale is suspected;
            likewise where one feature deviates 100 times as far as half of the others.
        smallest: Deviation over all features below which it is suspected. Both as in preflight
            (0.05 to 10); a suspicion alone is never held against a program.
        most_steps: Most steps of each of the two trainings; the plan's where that has fewer.
        least: Share of the way from the best constant's loss to the lowest reachable one, on
            held-out rows, that standardised inputs must bring for a FAIL.
        ratio: Share of that under which the inputs as they are must stay for a FAIL.
        seconds: Time after which no second training, and twice that after which no third one,
            is started; then it cannot FAIL.
    Source:
        LeCun et al. 1998, "Efficient BackProp", 4.3. Measured at the first layer with weights,
        behind Rescaling or Normalization inside the model; proved by training the same weights
        on the same rows in the same order, as they are and standardised. Regression targets
        far from unit scale (KR110) are standardised in both trainings.
    """
    scales = input_scales(model, sample)
    if not scales:
        msg = "the inputs are tokens, text, or normalised by the model: they have no scale"
        raise NotApplicable(msg)
    far = [scale for scale in scales if scale.is_far(largest, smallest)]
    shown = far[0] if far else max(scales, key=lambda scale: scale.size)
    fields: dict[str, Any] = {
        "measured": shown.size,
        "expected": 1.0,
        "unit": "input units",
        "where": shown.path or shown.name(sample.x),
        "evidence": {scale.name(sample.x): scale.facts for scale in scales},
    }
    text = f"inputs have {shown.text} where weights first meet them"
    if not far:
        return passed(text, **fields)
    if sample.y is None or not model.trainable_variables or len(sample) < 16:
        lacks = "no labels" if sample.y is None else "too little"
        return warned(f"{text}; expected about 0 and 1, and {lacks} to try it with", **fields)
    targets = [t for t in target_scales(task) if t.is_far(largest, smallest)]
    steps, planned = steps_for(model, fit, int(most_steps))
    rows, held = (
        Batch(part.x, rescaled_targets(part.y, targets), part.sample_weight)
        for part in split_rows(sample, seed)
    )
    changed, other = (part.with_x(rescaled(part.x, far)) for part in (rows, held))
    race = contest(
        model,
        Side(rows=rows, score=lambda: skill(model, task, held)),
        Side(rows=changed, score=lambda: skill(model, task, other)),
        steps=steps,
        planned=planned,
        batch_size=min(fit.batch_size, len(rows)),
        seed=seed,
        least=least,
        ratio=ratio,
        seconds=seconds,
    )
    fix = Fix(
        text="Standardise the inputs inside the model, so that predict does it too.",
        code="norm = keras.layers.Normalization(); norm.adapt(x); "
        "model = keras.Sequential([norm, model])",
        action=partial(
            put_normalization_first,
            mean=-shown.intercept / shown.slope,
            std=1 / shown.slope,
        ),
    )
    return result_of(
        race,
        text,
        fields,
        what="labels",
        fix=fix,
        cause="At this scale the first layer's units saturate, die or crawl.",
        least=least,
        ratio=ratio,
    )
