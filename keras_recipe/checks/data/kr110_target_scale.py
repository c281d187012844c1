from collections.abc import Mapping
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.contract.ranges import head_range
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.recoding import change_rows
from keras_recipe.experiments.contest import Side, contest, split_rows, steps_for
from keras_recipe.experiments.contest_result import result_of
from keras_recipe.experiments.scaling import input_scales, rescaled
from keras_recipe.experiments.target_scaling import (
    TargetScale,
    out_of_reach,
    rescaled_targets,
    target_scales,
    variance_explained,
)
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.normalize import put_rescaling_last
from keras_recipe.task import Task

#: Their steps do not depend on the unit of the loss.
_ADAPTIVE = (keras.optimizers.Adam, keras.optimizers.RMSprop, keras.optimizers.Adamax)


def _standardised(rows: Batch, scales: list[TargetScale]) -> Batch:
    return Batch(rows.x, rescaled_targets(rows.y, scales), rows.sample_weight)


def _unreachable(scales: list[TargetScale], sample: Batch, most: float) -> Result | None:
    for scale in scales:
        head = scale.head
        share, lost = out_of_reach(leaves(sample.y)[scale.target], head)
        if head.sure and lost > most:
            low, high = head_range(head)
            return failed(
                f"{share:.0%} of the targets lie outside [{low:g}, {high:g}], all that the "
                f"{head.activation} output can say; {lost:.0%} of their variance is lost",
                measured=lost,
                expected=0.0,
                unit="share of variance",
                where=getattr(head.output.layer, "name", "") or head.name,
                cause=f"The targets span {scale.low:.3g} to {scale.high:.3g}.",
                fix=Fix(
                    text="Use a linear output, or bring the targets into its range.",
                    code=f"keras.layers.Dense({head.units})",
                ),
            )
    return None


def _held_out_unreachable(
    scales: list[TargetScale], held: Batch | None, most: float, half: float
) -> Result | None:
    """Held-out targets must be in the range of an output that holds all training targets."""
    if held is None or held.y is None:
        return None
    for scale in scales:
        head = scale.head
        low, high = head_range(head)
        share, lost = out_of_reach(leaves(held.y)[scale.target], head)
        if head.sure and low <= scale.low and scale.high <= high and lost > most:
            verdict = failed if share > half else warned
            return verdict(
                f"{share:.0%} of the validation targets lie outside [{low:g}, {high:g}], all "
                f"that the {head.activation} output can say; those of training span "
                f"{scale.low:.3g} to {scale.high:.3g}",
                measured=share,
                expected=0.0,
                unit="share of validation targets",
                where="validation",
                cause="The training targets were scaled, those of the validation not, or by "
                "other numbers.",
                fix=Fix(
                    text="Scale both by the numbers of the training targets.",
                    code="y_val = (y_val - y.min()) / (y.max() - y.min())",
                ),
            )
    return None


@check("KR110", cost="forward", requires=("KR101",))
def target_scale(
    model: Any,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    seed: int,
    samples: Mapping[str, Batch],
    *,
    largest: float = 10.0,
    smallest: float = 0.05,
    reach: float = 0.05,
    half: float = 0.5,
    most_steps: int = 1000,
    least: float = 0.3,
    ratio: float = 0.5,
    seconds: float = 20.0,
) -> Result:
    """Regression targets have a scale that output, loss and learning rate can work with.

    Why:
        An untrained net says numbers around 0 to 1. With house prices as targets it first has
        to walk to the mean, at the pace of the learning rate, or its gradients explode.
    Fix:
        Standardise the targets (and turn predictions back), or end with
        `Rescaling(std, mean)`; set the output bias to the mean.
    Tune:
        largest: Mean or deviation, mean over deviation, or the deviation of one column over
            that of another, above which a scale is suspected.
        smallest: Deviation below which it is suspected; a suspicion alone is never held
            against a program.
        reach: Share of the targets' variance outside the output's range above which it FAILs.
        half: Share of validation targets outside a range that holds all training targets above
            which it FAILs; fewer of that variance may be outliers, which WARN.
        most_steps: Most steps of each of the two trainings; the plan's where that has fewer.
        least: Share of variance on held-out rows that standardised targets must explain for a
            FAIL.
        ratio: Share of that under which the targets as they are must stay for a FAIL.
        seconds: Time after which no second training, and twice that after which no third one,
            is started; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 2, "init well": the final bias should be the mean. Proved by
        training the same weights on the same rows in the same order, towards the targets as
        they are and standardised; inputs far from unit scale (KR109) are standardised in both.
        Only for losses that measure a distance; others read the targets' unit.
    """
    scales = target_scales(task)
    if not scales or sample.y is None:
        msg = "no output predicts amounts with a loss that measures a distance"
        raise NotApplicable(msg)
    if found := _unreachable(scales, sample, reach):
        return found
    if found := _held_out_unreachable(scales, samples.get("validation"), reach, half):
        return found
    far = [scale for scale in scales if scale.is_far(largest, smallest)]
    shown = far[0] if far else scales[0]
    fields: dict[str, Any] = {
        "measured": max(abs(shown.mean), shown.std),
        "expected": 1.0,
        "unit": "target units",
        "where": shown.head.name,
        "evidence": {s.head.name: {"mean": s.mean, "std": s.std} for s in scales},
    }
    text = f"targets have {shown.text}"
    if not far:
        return passed(text, **fields)
    if not model.trainable_variables or len(sample) < 16:
        return warned(f"{text}; expected about 0 and 1, and too few rows to try it", **fields)
    inputs = [one for one in input_scales(model, sample) if one.is_far(largest, smallest)]
    steps, planned = steps_for(model, fit, int(most_steps))
    rows, held = (part.with_x(rescaled(part.x, inputs)) for part in split_rows(sample, seed))
    standard = partial(_standardised, scales=far)
    changed, other = standard(rows), standard(held)
    race = contest(
        model,
        Side(rows=rows, score=lambda: variance_explained(model, held, shown)),
        Side(rows=changed, score=lambda: variance_explained(model, other, shown)),
        steps=steps,
        planned=planned,
        batch_size=min(fit.batch_size, len(rows)),
        seed=seed,
        least=least,
        ratio=ratio,
        seconds=seconds,
    )
    shift, std = float(np.mean(shown.shift)), float(np.mean(shown.factor))
    adaptive = isinstance(model.optimizer, _ADAPTIVE) and shown.unevenness <= largest
    fix = Fix(
        text="Standardise the targets and turn predictions back into their own unit.",
        code="model = keras.Sequential([model, "
        f"keras.layers.Rescaling({std:.4g}, {shift:.4g})])  # with Adam; else scale y",
        action=partial(put_rescaling_last, mean=shift, std=std) if adaptive else None,
        data=None if adaptive else partial(change_rows, change=standard),
    )
    return result_of(
        race,
        text,
        fields,
        what="variance of the column it knows least"
        if shown.sizes.size
        else "targets' variance",
        fix=fix,
        cause="The output starts around 0 and walks to the mean at the learning rate's pace.",
        least=least,
        ratio=ratio,
    )
