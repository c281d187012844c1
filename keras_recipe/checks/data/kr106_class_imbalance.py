from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.subject import FitSettings
from keras_recipe.surgery.initialize import initialize_output_bias
from keras_recipe.task import Head, Task

_KINDS = ("binary", "multiclass")


def _counts(head: Head) -> np.ndarray:
    """Return how often each class occurs in all training data, shape `(classes,)`."""
    labels = head.labels
    if labels is None or head.kind not in _KINDS:
        return np.zeros(0)
    if head.kind == "binary" and labels.units == 1:  # 0/1, -1/+1, 1/2: two values, in order
        return np.array([n for _, n in sorted((labels.values or {}).items())], "float64")
    return labels.class_counts(head.classes)


def _class_of(head: Head, y: np.ndarray) -> np.ndarray:
    """Return the place in `_counts` of each row's class."""
    if y.ndim > 1 and y.shape[-1] > 1:
        return y.argmax(-1).ravel()
    flat = y.ravel()
    if head.kind == "binary":
        return np.searchsorted(sorted(head.labels.values or {}) if head.labels else [], flat)
    return np.rint(flat).astype("int64")


def _weights(head: Head, batch: Batch, counts: np.ndarray) -> np.ndarray | None:
    """Return the weight of each class, NaN where not seen; None where no class has its own."""
    given = leaves(batch.sample_weight)
    if len(given) != 1 or head.structure != "sample" or head.target is None:
        return None
    classes, weight = _class_of(head, leaves(batch.y)[head.target]), given[0].ravel()
    if len(classes) != len(weight) or np.ptp(weight) == 0:
        return None
    found = np.full(len(counts), np.nan)
    for c in range(len(counts)):
        own = weight[classes == c]
        if len(own) and np.ptp(own) > 1e-3 * abs(own.max()):
            return None  # the rows of one class differ: these are not class weights
        found[c] = own[0] if len(own) else np.nan
    return found


def _inverted(
    counts: np.ndarray, weights: np.ndarray | None, least: float
) -> tuple[float, str]:
    """Return how much more the most frequent class weighs than the rarest, and the words."""
    if weights is None:
        return 1.0, ""
    known = np.flatnonzero(np.isfinite(weights) & (counts > 0) & (weights > 0))
    if len(known) < 2:
        return 1.0, ""
    often, rare = known[counts[known].argmax()], known[counts[known].argmin()]
    share = counts[often] / counts[rare]
    agree = np.corrcoef(np.argsort(np.argsort(counts[known])), weights[known])[0, 1]
    if share < least or agree <= 0:
        return 1.0, ""
    said = (
        f"class {often} has {counts[often]:.0f} rows and weight {weights[often]:.3g}, "
        f"class {rare} has {counts[rare]:.0f} rows and weight {weights[rare]:.3g}"
    )
    return float(weights[often] / weights[rare]), said


def _balanced(counts: np.ndarray) -> dict[int, float]:
    present = counts > 0
    total, classes = counts.sum(), present.sum()
    return {
        int(c): round(float(total / (classes * counts[c])), 4) for c in np.flatnonzero(present)
    }


@check("KR106", cost="forward")
def class_imbalance(
    model: Any,
    task: Task,
    sample: Batch,
    fit: FitSettings,
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
            SageMaker Debugger uses 10. A hundred for outputs by pixel; tokens never WARN,
            their classes are uneven by nature.
        evenness: Effective number of classes (exponential of the entropy in nats) over the
            number that occurs, above which one rare class among many is no matter; share.
        inverted: Weight of the most frequent class over that of the rarest from which on the
            weights are the wrong way round and it FAILs; twice.
        uneven: Most frequent over rarest class from which on that can be told; below, classes
            are even and weights mean something else.
    Source:
        Karpathy 2019, stage 2, "init well"; King and Zeng 2001, "Logistic regression in rare
        events data", for weights in inverse proportion to the frequency.
    """
    heads = [(head, _counts(head)) for head in task.heads]
    heads = [(head, counts) for head, counts in heads if (counts > 0).sum() > 1]
    if not heads:
        msg = "no output has classes to count"
        raise NotApplicable(msg)
    evidence, worst = {}, None
    for head, counts in heads:
        shares = counts[counts > 0] / counts.sum()
        effective = float(np.exp(-(shares * np.log(shares)).sum()))
        skew = float(shares.max() / shares.min())
        weights = _weights(head, sample, counts)
        turned, said = _inverted(counts, weights, uneven)
        evidence[head.name] = {
            "counts": [float(c) for c in counts[:100]],
            "effective": effective,
            "ratio": skew,
        }
        if turned >= inverted:
            return _upside_down(said, turned, head, counts, evidence)
        weighed = weights is not None or sample.sample_weight is not None or fit.class_weight
        most = {"sample": ratio, "pixel": 10 * ratio}.get(head.structure, float("inf"))
        even = effective / len(shares) > evenness or "focal" in head.loss.name or weighed
        if skew >= most and not even and (worst is None or skew > worst[1]):
            worst = (head, skew, effective, counts)
    if worst is None:
        head, counts = heads[0]
        facts = evidence[head.name]
        text = (
            f"{(counts > 0).sum()} classes, as good as {facts['effective']:.1f} equal ones; "
            f"the rarest has {counts[counts > 0].min():.0f} of {counts.sum():.0f}"
        )
        return passed(text, measured=facts["ratio"], unit="ratio", evidence=evidence)
    return _uneven(worst, sample, evidence)


def _upside_down(
    said: str, turned: float, head: Head, counts: np.ndarray, evidence: dict[str, Any]
) -> Result:
    return failed(
        f"the weights favour the class that is already frequent: {said}",
        measured=turned,
        expected=1.0,
        unit="ratio",
        where=head.name,
        cause="The weights follow the frequencies instead of their inverse, or keys are swapped.",
        fix=Fix(
            text="Weigh each class by the inverse of its frequency.",
            code=f"model.fit(x, y, class_weight={_balanced(counts)})",
        ),
        evidence=evidence,
    )


def _uneven(
    worst: tuple[Head, float, float, np.ndarray], sample: Batch, evidence: dict[str, Any]
) -> Result:
    head, skew, effective, counts = worst
    rare = int(np.where(counts > 0, counts, np.inf).argmin())
    return warned(
        f"class {rare} has {counts[rare]:.0f} of {counts.sum():.0f} labels, the most frequent "
        f"{skew:.0f} times as many; as good as {effective:.1f} equal classes",
        measured=skew,
        expected=1.0,
        unit="ratio",
        where=head.name,
        cause="The task is like this, or rows were lost; accuracy will look good regardless.",
        fix=Fix(
            text="Set the output bias to the priors, weigh the classes, and watch a metric "
            "that counts each class (AUC, recall).",
            code=f"model.fit(x, y, class_weight={_balanced(counts)})",
            action=partial(initialize_output_bias, y=sample.y),
        ),
        evidence=evidence,
        pictures=[
            {
                "kind": "bars",
                "title": f"Labels of each class ({head.name})",
                "labels": [str(i) for i in range(min(len(counts), 50))],
                "values": [float(c) for c in counts[:50]],
                "xlabel": "number of labels",
            }
        ],
    )
