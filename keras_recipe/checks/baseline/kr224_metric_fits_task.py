from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.contract.metrics import Reading, metric_values, readings
from keras_recipe.contract.references import CLASSIFIED, as_output
from keras_recipe.contract.scored import ScoredHead, scored_heads
from keras_recipe.contract.verdict import worst
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.surgery.metrics import replace_metrics
from keras_recipe.task import Head, Task

_EQUAL = 1e-6  # rounding of float32
_MARGIN = 0.1  # what right answers must score above wrong ones


def _fix(head: Head, *, alone: bool) -> Fix:
    """Return a metric that fits what the head says; it can be applied to the only output."""

    def fix(text: str, code: str, make: Callable[[], list[Any]]) -> Fix:
        action = partial(replace_metrics, make=make) if alone else None
        return Fix(text=text, code=code, action=action)

    if head.kind not in CLASSIFIED:
        code = "metrics=['mae', keras.metrics.R2Score()]"
        several = head.structure != "sample"  # R2Score takes (rows, units) alone
        made = partial(_distances, several=several)
        return fix("Measure amounts by their distance.", code, made)
    if head.kind == "multiclass" and head.units > 1:
        name = "sparse_categorical_accuracy" if head.sparse else "categorical_accuracy"
        return fix("Compare the most probable class.", f"metrics=[{name!r}]", lambda: [name])
    if head.labels is not None and -1.0 in (head.labels.values or {}):
        code = "y = (y + 1) / 2; metrics=['binary_accuracy']  # hinge takes 0/1 labels too"
        return Fix(text="Code the labels 0 and 1.", code=code)
    border = 0.0 if head.activation in ("linear", "tanh") else 0.5
    code = f"metrics=[keras.metrics.BinaryAccuracy(threshold={border})]"
    return fix(
        "Put the threshold where the head changes its mind.",
        code,
        lambda: [keras.metrics.BinaryAccuracy(threshold=border)],
    )


def _distances(*, several: bool) -> list[Any]:
    return ["mae"] if several else ["mae", keras.metrics.R2Score()]


def _most_frequent(scored: ScoredHead) -> float:
    target = as_output(scored)
    return 1.0 if target is None else float(target.reshape(-1, target.shape[-1]).mean(0).max())


def _said_of_every_row(scored: ScoredHead) -> float:
    """Return the accuracy of the more frequent answer to each question, yes or no; else 0."""
    head, target = scored.head, as_output(scored)
    asked = head.kind == "multilabel" or (head.kind == "binary" and head.units == 1)
    if not asked or target is None or head.structure not in ("sample", "pixel"):
        return 0.0
    yes = target.reshape(-1, target.shape[-1]).mean(0)
    return float(np.maximum(yes, 1 - yes).mean())


def _wrong(scored: ScoredHead, one: Reading, perfect: float, gain: float) -> str:
    """Return what shows that a metric misleads, or `""`."""
    others = [one.wrong, *one.constants]
    right = f"right answers score {one.right:.3g}"
    if one.kind != "own" and max(abs(one.right - v) for v in others) <= _EQUAL:
        return f"{one.name} is {one.right:.3g} for right, wrong and constant answers alike"
    if one.kind == "accuracy" and one.right < perfect:
        return f"{right} in {one.name}, wrong ones {one.wrong:.3g}; expected 1 and 0"
    if one.kind == "accuracy" and scored.head.kind == "multiclass" and scored.head.units > 2:
        share, most = max(one.constants), _most_frequent(scored)
        if share > most + gain:
            return (
                f"one answer for all rows scores {share:.3g} in {one.name}, but the "
                f"most frequent class has {most:.0%} of them"
            )
    if one.kind == "score" and one.right <= one.wrong + _MARGIN:
        return f"{right} in {one.name}, wrong ones {one.wrong:.3g}"
    if one.kind == "error" and one.right >= (1 - _MARGIN) * min(others):
        return f"{right} in {one.name}, a constant {min(one.constants):.3g}: no better"
    return ""


def _judged(
    scored: ScoredHead, perfect: float, gain: float, frequent: float, *, alone: bool
) -> Result | None:
    head, forms = scored.head, readings(scored)
    by_name = [{one.name: one for one in form} for form in forms]
    for one in forms[0] if forms else ():
        same = [form[one.name] for form in by_name if one.name in form]
        shown = [_wrong(scored, each, perfect, gain) for each in same]
        fields: dict[str, Any] = {
            "measured": one.right,
            "unit": one.name,
            "where": head.name,
            "fix": _fix(head, alone=alone),
            "evidence": {"right": one.right, "wrong": one.wrong, "constants": one.constants},
        }
        if all(shown):
            doubtful = head.ignored is not None or (
                head.kind not in CLASSIFIED and head.units > 1
            )
            say = warned if doubtful else failed
            cause = f"The metric reads the outputs as something else ({head.reason})."
            return say(f"{shown[0]}", cause=cause, **fields)
    return _unsure(scored, forms, frequent, alone=alone)


def _unsure(
    scored: ScoredHead, forms: Sequence[Sequence[Reading]], frequent: float, *, alone: bool
) -> Result | None:
    """Return a WARN for a threshold beside the border, or accuracy where one class rules."""
    head = scored.head
    for one in forms[0] if forms else ():
        faint = one.faint is not None and one.kind == "accuracy" and head.loss.from_logits
        if faint and one.faint is not None and one.faint < one.right - _MARGIN:
            return warned(
                f"{one.name} counts a raw score of +0.25, a probability of 56 %, as no",
                where=head.name,
                cause="Its threshold is 0.5, but the head gives scores that turn at 0.",
                fix=_fix(head, alone=alone),
            )
    kinds = {one.kind for one in (forms[0] if forms else ())}
    most = _said_of_every_row(scored)
    if kinds == {"accuracy"} and most >= frequent and not scored.weighted:
        return warned(
            f"always giving the more frequent answer scores {most:.1%} in accuracy",
            measured=most,
            unit="accuracy",
            where=head.name,
            cause="One class rules, so that accuracy says little of the other.",
            fix=Fix(
                text="Add a metric that counts each class.",
                code="metrics=['accuracy', keras.metrics.AUC(curve='PR')]",
            ),
        )
    return None


@check("KR224", cost="forward", requires=("KR101", "KR203"))
def metric_fits_task(
    model: Any,
    task: Task,
    sample: Batch,
    predictions: Any,
    *,
    perfect: float = 0.98,
    gain: float = 0.25,
    frequent: float = 0.95,
) -> Result:
    """Each metric gives right answers its best value, and the same answer for all rows not.

    Why:
        A metric that reads labels or outputs as something else shows 0 % for a good model, or
        90 % for one that has learned nothing, and every decision goes by it.
    Fix:
        categorical accuracy for one-hot labels, sparse for class numbers, a threshold of 0 for
        raw scores, errors or R2 for amounts.
    Tune:
        perfect: Accuracy of right answers under which it FAILs.
        gain: How far one answer for all rows may score above the share of the most frequent
            class, where classes exclude each other.
        frequent: Share of the more frequent of two answers, over rows, labels and pixels,
            from which on accuracy alone is worth a WARN.
    Source:
        Karpathy 2019, stage 2, "human-interpretable metrics you are confident are correct".
        The metric objects of the model are asked about right, wrong and constant answers.
    """
    heads = scored_heads(model, task, sample, predictions)
    try:
        values = metric_values(heads[0], None)
    except Exception as error:  # noqa: BLE001  the user's own metrics run here
        text = " ".join(str(error).split())[:200]
        return warned(f"the metrics cannot be computed on these labels and outputs: {text}")
    heads = [scored for scored in heads if scored.head.kind != "unknown"]
    if not heads or not values:
        msg = "no metrics were compiled, or it is not known what they are about"
        raise NotApplicable(msg)
    alone = len(task.heads) == 1
    found = [_judged(scored, perfect, gain, frequent, alone=alone) for scored in heads]
    said = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
    text = f"right answers get the best value of every metric; untrained: {said}"
    return worst(found) or passed(
        text, evidence={k: v for k, v in values.items() if np.isfinite(v)}
    )
