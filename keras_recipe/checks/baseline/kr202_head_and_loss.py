from __future__ import annotations

from typing import Any

from keras_recipe.contract import heads, meaning, probes, sums
from keras_recipe.contract.fingerprint import recognised
from keras_recipe.contract.lengths import length_never_learned
from keras_recipe.contract.peaks import highest_at_the_label
from keras_recipe.contract.reduction import step_grows_with_batch
from keras_recipe.contract.scored import scored_heads
from keras_recipe.contract.smoothing import smoothed_away
from keras_recipe.contract.verdict import worst
from keras_recipe.core.check import check
from keras_recipe.core.result import Result, passed
from keras_recipe.data.batch import Batch
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Task


@check("KR202", cost="static")
def head_and_loss(
    model: Any, task: Task, sample: Batch, predictions: Any, fit: FitSettings
) -> Result:
    """Each output can say what its labels say, and its loss reads it as it is meant.

    Why:
        Activation, loss and `from_logits` are three statements about the same numbers. Where
        they contradict each other Keras mostly trains on in silence: raw scores given to a
        loss of probabilities read 0, a softmax over one unit says 1 for ever, a second softmax
        flattens the first, a bounded output never reaches its targets, a label smoothed by 1
        says nothing, and a loss with a flipped sign improves while the model gets worse. FAIL
        where the contradiction is in the definitions or the loss itself shows it (it is asked
        about right, constant and wrong answers); WARN where the program works but says
        something other than it means. A loss of your own is compared with cross-entropy by its
        numbers.
    Fix:
        softmax with (sparse_)categorical_crossentropy for one class out of several, sigmoid
        with binary_crossentropy for yes or no, linear with a squared loss for amounts; or a
        linear output with `from_logits=True`.
    Tune:
        Nothing: what is proved does not depend on a threshold.
    Source:
        Karpathy 2019, stage 2: "verify loss @ init", "raw logits"; the loss contract of Keras
        3.15 as measured on its three backends.
    """
    found: list[Result | None] = []
    for given in scored_heads(model, task, sample, predictions):
        scored = recognised(given)
        rules = (*heads.RULES, *meaning.RULES, *sums.RULES, *probes.RULES)
        found += [rule(scored) for rule in rules]
        found += [highest_at_the_label(scored), length_never_learned(scored)]
        found.append(smoothed_away(given))
        found.append(step_grows_with_batch(scored, sample, fit.batch_size))
    said = [
        f"{head.activation} with {head.loss.name} for {head.kind}"
        for head in task.heads
        if head.loss.name
    ]
    return worst(found) or passed(
        f"Output and loss agree: {', '.join(said)}.", evidence={"heads": said}
    )
