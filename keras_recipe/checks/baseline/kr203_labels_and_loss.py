from __future__ import annotations

from typing import Any

import numpy as np

from keras_recipe.contract import labels, variety
from keras_recipe.contract.crossed import compared_with_others
from keras_recipe.contract.few_rows import hangs_on_few_rows
from keras_recipe.contract.fingerprint import recognised
from keras_recipe.contract.percentages import percent_of_nearly_nothing
from keras_recipe.contract.scaled_codes import scaled_codes
from keras_recipe.contract.scored import scored_heads
from keras_recipe.contract.shapes import pairing, refused
from keras_recipe.contract.verdict import worst
from keras_recipe.contract.weights import class_weights
from keras_recipe.core.check import check
from keras_recipe.core.result import Result, Status, passed
from keras_recipe.data.batch import Batch
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Task


@check("KR203", cost="forward")
def labels_and_loss(
    model: Any, task: Task, sample: Batch, predictions: Any, fit: FitSettings
) -> Result:
    """The labels have the values, the range and the shape that the loss reads.

    Why:
        A loss takes nearly any number. Class numbers from 1, labels divided by 255, -1 and +1
        under a loss of probabilities, labels `(n, 1)` against outputs `(n, k)`: each trains on
        in silence on some backend, towards the wrong thing. The values of all training labels
        are compared with what the loss is defined on, their shape with the output's, and class
        weights with the frequencies they should make up for; sample weights must leave more
        than a few rows to learn from. FAIL where a label is outside the definition of the loss
        or is compared with more than its own output.
    Fix:
        Class numbers from 0 with sparse_categorical_crossentropy, one-hot rows with
        categorical_crossentropy, 0 and 1 with binary_crossentropy; labels in the shape of the
        output; weights by the inverse of the frequency.
    Tune:
        Nothing: what is proved does not depend on a threshold.
    Source:
        Karpathy 2019, stages 1 and 2; the loss contract of Keras 3.15 as measured on its three
        backends.
    """
    found: list[Result | None] = []
    for given in scored_heads(model, task, sample, predictions):
        mixed = pairing(given)
        found.append(mixed)
        if mixed is None:
            scored = recognised(given)
            found += [rule(scored) for rule in (*labels.RULES, *variety.RULES)]
            found.append(compared_with_others(scored))
            found.append(percent_of_nearly_nothing(scored))
            found.append(scaled_codes(scored))
            found.append(class_weights(scored, fit.class_weight))
    found.append(hangs_on_few_rows(sample, task, fit))
    if all(one is None or one.status is not Status.FAIL for one in found):
        found.append(refused(model, sample, predictions, fit.batch_size))
    spans = {
        head.name: [float(np.min(head.labels.low)), float(np.max(head.labels.high))]
        for head in task.heads
        if head.labels is not None and head.labels.rows
    }
    said = "; ".join(f"{low:g} to {high:g}" for low, high in spans.values())
    return worst(found) or passed(
        f"The labels ({said}) are what the loss reads.", evidence={"labels": spans}
    )
