from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.examples import few_examples, filled
from keras_recipe.experiments.overfit import overfit
from keras_recipe.experiments.own_batches import learned
from keras_recipe.experiments.shown import pictures
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.optimizer import is_warming_up
from keras_recipe.surgery.preserve import preserve
from keras_recipe.surgery.toggles import without_regularization
from keras_recipe.task import Task


@check("KR209", cost="train", requires=("KR101", "KR203"))
def overfit_one_batch(
    model: Any,
    probe: Batch,
    task: Task,
    fit: FitSettings,
    sample: Batch,
    seed: int,
    *,
    examples: int = 8,
    most_steps: int = 400,
    least_steps: int = 100,
    goal: float = 0.9,
    hopeless: float = 0.5,
    seconds: float = 15.0,
) -> Result:
    """A few examples can be learned by heart with the model's own loss and optimizer.

    Why:
        A net that cannot fit eight examples will not fit eight thousand. What stands in its
        way (labels, loss, rate, dead units) is easiest to see here. Where it learns from the
        planned batches all the same, the few examples are stuck on their own (units dead, or
        probabilities clipped at 0, for all of them), and it is a WARN.
    Fix:
        See which single change mended it; otherwise look at head, loss, rate and inputs.
    Tune:
        examples: Most examples; fewer where the model has few weights, since a line cannot
            pass through eight points.
        most_steps: Steps given when the plan has more.
        least_steps: Steps given when the plan has fewer.
        goal: Share of the way from the best constant's loss to the lowest reachable loss to
            PASS; torchtest2 asks for 0.9 of the starting loss in 200 steps.
        hopeless: Share under which it FAILs, if going on at the last pace would not reach it
            in the whole plan either. A tenth of it for outputs with places (tokens, pixels),
            whose net may see too little of the input to tell one from the other.
        seconds: Time after which no further steps are taken; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 2, "overfit one batch"; lowest reachable loss: the model's own
        loss of the labels, averaged over examples with equal inputs.
    """
    if probe.y is None or not model.trainable_variables:
        msg = "there is nothing to fit"
        raise NotApplicable(msg)
    few = few_examples(model, task, probe, int(examples))
    rows = filled(few, len(probe))
    planned = (fit.steps_per_epoch or most_steps) * fit.epochs
    steps = int(np.clip(planned, least_steps, most_steps))
    if is_warming_up(model.optimizer, steps, planned):
        msg = f"the learning rate is still warming up after {steps} steps"
        raise NotApplicable(msg)
    with preserve(model), without_regularization(model):
        outcome = overfit(model, rows, task, steps=steps, seconds=seconds, goal=goal)
        shown = pictures(model, few, rows, task, outcome)
    explained = outcome.explained
    if not np.isfinite(outcome.constant - outcome.floor) or np.isnan(explained):
        msg = "these examples all have the same label, or the loss has no floor"
        raise NotApplicable(msg)
    text = (
        f"after {outcome.steps[-1]} steps on {len(few)} examples the loss is "
        f"{outcome.best:.3g}; the best constant has {outcome.constant:.3g} and "
        f"{outcome.floor:.3g} can be reached"
    )
    fields: dict[str, Any] = {
        "measured": outcome.best,
        "expected": outcome.floor,
        "unit": "loss",
        "evidence": {
            "steps": list(outcome.steps),
            "losses": [float(v) for v in outcome.losses],
            "explained": float(explained),
            "planned_steps": planned,
        },
        "pictures": shown,
    }
    if explained >= goal:
        return passed(text, **fields)
    fix = Fix(text="Look at head and loss, learning rate, input scale and dead units, in turn.")
    later = outcome.projected(max(planned, int(most_steps)))
    places = any(head.structure != "sample" for head in task.heads)
    least = hopeless / 10 if places else hopeless
    never = later < least or outcome.has_diverged
    if explained < least and never and outcome.finished and not has_own_step(model):
        if len(sample) >= 2 * len(few):
            share = learned(model, sample, task, fit, steps=steps, seed=seed, enough=hopeless)
            fields["evidence"]["own_batches"] = share
            if share >= hopeless:
                return warned(
                    f"{text}: they are stuck, though {share:.0%} of all rows is learned from "
                    f"batches of {fit.batch_size}",
                    cause="Steps too large for these weights and inputs: units die, or "
                    "probabilities leave what the loss has a slope for.",
                    fix=fix,
                    **fields,
                )
        cause = "Something between the labels and the weights is wrong, or the rate is."
        return failed(f"{text}: it cannot be overfitted", cause=cause, fix=fix, **fields)
    if outcome.finished and later < goal and all(head.loss.builtin for head in task.heads):
        return warned(
            f"{text}, and it has stopped falling",
            cause="The few examples look too alike to the net, or the rate is too low.",
            fix=fix,
            **fields,
        )
    return passed(f"{text}, and it is still falling", **fields)
