from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import leaves
from keras_recipe.data.contents import Contents
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.label_noise import (
    Excess,
    as_two_classes,
    confident_learning,
    contradicted,
    far_off,
    numbers_of_rows,
    sure_and_wrong,
)

_SEVERITY = ("pass", "warn", "fail")
_MOST = 10  # suspects named
_LOOK = Fix(
    text="Look at the suspects with their labels and mend what made them: a wrong join, a "
    "class list in another order, an augmentation that changes the meaning.",
    code="x[rows], y[rows]  # the rows named in the evidence",
)


def _compared(answer: Answer) -> Excess | None:
    """Return how much more often training labels are contradicted than validation labels."""
    fresh = answer.fresh
    if not len(fresh) or not answer.held_y.varied:
        return None
    own, y = answer.learned.own, answer.y
    held, held_y = answer.learned.held[fresh], answer.held_y.take(fresh)
    if y.flags:
        (own, y), (held, held_y) = as_two_classes(own, y), as_two_classes(held, held_y)
    return (contradicted if y.classes else far_off)(own, y, held, held_y)


def _judged(
    answer: Answer,
    fit: CrossFit,
    contents: Contents,
    most: float,
    sure: float,
    some: float,
    clear: float,
) -> Result:
    if answer.y.mixed:
        msg = "the labels are many numbers a row (pixels, tokens): none is right or wrong alone"
        raise NotApplicable(msg)
    if answer.signal.z < sure and (not answer.fresh.size or answer.transfer.z < sure):
        msg = "a simple model is not sure of any label"
        raise NotApplicable(msg)
    found, name = _compared(answer), answer.question.name
    evidence: dict[str, Any] = {"rows": len(answer.x)}
    fields: dict[str, Any] = {"expected": 0.0, "unit": "share of labels", "evidence": evidence}
    alone = 0.0
    if answer.y.classes:
        noise = confident_learning(answer.learned.own, answer.y)
        alone = sure_and_wrong(answer.learned.own, answer.y)
        rows = noise.suspects[: min(_MOST, int(np.ceil(noise.rate * len(answer.x))))]
        evidence |= {
            "estimate": noise.rate,
            "suspects": numbers_of_rows(contents, leaves(answer.rows.take(rows).x)),
            "given": [int(c) for c in answer.y.given[rows]],
            "likelier": [int(c) for c in noise.other[rows]],
        }
        fields["measured"] = noise.rate
    if found is not None:
        evidence |= {"contradicted": found.own, "in_validation": found.other, "z": found.z}
        fields["measured"] = max(found.rate, 0.0)
        kind = "contradict what a simple model is sure of"
        if not (answer.y.classes or answer.y.flags):
            kind = "are further off than 95% of the validation labels"
        text = f"{found.own:.0%} of the training labels {kind}, {found.other:.0%} in validation"
        proved = answer.y.classes or answer.y.flags or fit.alike
        if found.rate >= most and found.z >= sure and proved:
            return failed(
                f"{text}: about {found.rate:.0%} are wrong",
                where=name,
                cause="Wrong labels, rows beside the labels of others, or an augmentation that "
                "keeps a label it made wrong.",
                fix=_LOOK,
                **fields,
            )
        if found.rate >= some and found.z >= sure:
            return warned(f"{text}; expected as few", where=name, fix=_LOOK, **fields)
    elif answer.y.classes:
        text = f"{alone:.0%} of the labels contradict what a simple model is sure of"
    else:
        msg = "there are no classes, and no validation labels to compare with"
        raise NotApplicable(msg)
    if alone >= 2 * most and answer.signal.skill >= clear:
        return warned(
            f"{text}; expected fewer, unless classes overlap",
            where=name,
            cause="Wrong labels, or classes that the inputs do not separate.",
            fix=_LOOK,
            **fields,
        )
    return passed(text, **fields)


@check("KR107", cost="train", requires=("KR101", "KR102"))
def label_noise(
    crossfit: CrossFit,
    contents: Mapping[str, Contents],
    *,
    most: float = 0.1,
    sure: float = 3.0,
    some: float = 0.03,
    clear: float = 0.5,
) -> Result:
    """Training labels are as right as validation labels.

    Why:
        A net learns wrong labels by heart: the training loss falls, the validation loss does
        not, and more capacity makes it worse.
    Fix:
        Look at the suspects, most suspicious first, and mend where they come from.
    Tune:
        most: Share of wrong labels that FAILs where the validation labels prove it; twice as
            many WARN where these are no better.
        sure: Standard errors by which training labels must be worse than validation labels.
        some: Share that WARNs where validation labels show it.
        clear: Share explained by the simple model from which on such a WARN is given.
    Source:
        Northcutt, Jiang and Chuang 2021, "Confident learning": out-of-sample probabilities of
        an extra-trees forest or a linear model. Labels that contradict a sure prediction also
        come from classes that overlap, so it FAILs only if the same model is contradicted less
        in validation, class by class. Calibration: 138 random splits of 13 clean data sets gave
        1.6 standard errors at most; with 5-40 % of the labels of ten sets flipped the estimate
        was mostly within a factor of 1.5 of the truth, and worse where classes overlap. Rows
        count by their sample weights: noise that these put aside is no fault.
    """
    results, reasons = [], []
    for answer in crossfit.answers():
        try:
            found = _judged(answer, crossfit, contents["training"], most, sure, some, clear)
            results.append(found)
        except NotApplicable as reason:
            reasons.append(reason)
    if not results:
        raise reasons[0]
    return max(results, key=lambda r: _SEVERITY.index(str(r.status)))
