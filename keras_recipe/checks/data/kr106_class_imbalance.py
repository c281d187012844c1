from functools import partial
from typing import Any

import numpy as np

from keras_recipe.balance import Balance, balance_of
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.labels import MOST_VALUES
from keras_recipe.data.refitting import weigh_evenly
from keras_recipe.surgery.initialize import initialize_output_bias
from keras_recipe.task import Head, Task


def _fields(head: Head, found: Balance) -> dict[str, Any]:
    bars = {
        "kind": "bars",
        "title": f"Labels of each class ({head.name})",
        "labels": [f"{c:g}" for c in found.classes[:50]],
        "values": [float(c) for c in found.counts[:50]],
        "xlabel": "number of labels",
    }
    numbers = {"counts": bars["values"], "effective": found.effective, "ratio": found.ratio}
    return {"unit": "ratio", "where": head.name, "evidence": numbers, "pictures": [bars]}


def _upside_down(head: Head, found: Balance, least: float, uneven: float) -> Result | None:
    if not (found.extremes and found.rises and found.weights is not None):
        return None
    often, rare = found.extremes
    turned = float(found.weights[often] / found.weights[rare])
    if turned < least or found.counts[often] < uneven * found.counts[rare]:
        return None
    said = " and ".join(
        f"class {found.classes[i]:g}, {found.counts[i]:.0f} rows, weight {found.weights[i]:.3g}"
        for i in (often, rare)
    )
    return failed(
        f"the weights favour the class that is already frequent: {said}",
        measured=turned,
        expected=float(found.counts[rare] / found.counts[often]),
        cause="Weights follow the frequencies instead of their inverse, or keys are swapped.",
        fix=Fix(
            text="Weigh each class by the inverse of its frequency.",
            code=f"model.fit(x, y, class_weight={found.even_weights})",
            data=weigh_evenly,
        ),
        **_fields(head, found),
    )


@check("KR106", cost="forward")
def class_imbalance(
    task: Task,
    sample: Batch,
    *,
    ratio: float = 10.0,
    evenness: float = 0.75,
    inverted: float = 2.0,
    uneven: float = 3.0,
) -> Result:
    """Classes are about equally frequent, or weights make up for it; none make it worse.

    Why:
        With 95 % of one class a net that always says it is 95 % right, and the first hundreds
        of steps go into learning nothing but the priors.
    Fix:
        Set the output bias to the priors, weigh the classes, and judge by a metric that does
        not reward the frequent class (AUC, recall of each class).
    Tune:
        ratio: Most frequent over rarest class (of those that occur) from which on it may WARN;
            SageMaker Debugger uses 10. Ten times that for outputs by pixel; tokens never WARN,
            words are uneven by nature.
        evenness: Effective number of classes (exponential of the entropy in nats) over the
            number that occurs, above which one rare class among many is no matter; share.
        inverted: Weight of the most frequent class over that of the rarest from which on the
            weights are the wrong way round and it FAILs.
        uneven: Most frequent over rarest class from which on that can be told; below, classes
            are about even and weights mean something else.
    Source:
        Karpathy 2019, stage 2, "init well"; King and Zeng 2001, "Logistic regression in rare
        events data", for weights in inverse proportion to the frequency.
    """
    pairs = [(head, balance_of(head, sample)) for head in task.heads]
    known = [(head, found) for head, found in pairs if found is not None]
    if not known:
        msg = "no output has classes to count"
        if any(h.kind == "multiclass" and h.labels and not h.labels.values for h in task.heads):
            msg = f"there are more than {MOST_VALUES} classes, which are not counted one by one"
        raise NotApplicable(msg)
    for head, found in known:
        if head.structure == "sample" and (bad := _upside_down(head, found, inverted, uneven)):
            return bad
    weighed = any(np.ptp(weight) > 0 for weight in leaves(sample.sample_weight))
    head, found = max(known, key=lambda pair: pair[1].ratio)
    rare = int(found.counts.argmin())
    text = (
        f"class {found.classes[rare]:g} has {found.counts[rare]:.0f} of "
        f"{found.counts.sum():.0f} labels, the most frequent {found.ratio:.1f} times as many; "
        f"as good as {found.effective:.1f} equal classes of {len(found.classes)}"
    )
    most = {"sample": ratio, "pixel": 10 * ratio}.get(head.structure, float("inf"))
    even = found.effective > evenness * len(found.classes)
    if found.ratio < most or even or weighed or "focal" in head.loss.name:
        return passed(text, measured=found.ratio, **_fields(head, found))
    return warned(
        text,
        measured=found.ratio,
        expected=1.0,
        cause="The task is like this, or rows were lost; accuracy will look good regardless.",
        fix=Fix(
            text="Set the output bias to the priors, weigh the classes, and watch a metric "
            "that counts each class (AUC, recall).",
            code=f"model.fit(x, y, class_weight={found.even_weights})"
            if head.structure == "sample"
            else "",
            action=partial(initialize_output_bias, y=sample.y),
        ),
        **_fields(head, found),
    )
