from collections.abc import Mapping
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.data.contents import Contents
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.doubts import Doubts, doubts, is_read
from keras_recipe.data.label_noise import (
    Excess,
    as_two_classes,
    contradicted,
    far_off,
    sure_and_wrong,
)
from keras_recipe.data.redrawn import averages_out
from keras_recipe.data.sources import Source

_SEVERITY = ("pass", "warn", "fail")
_MOST = 10  # suspects named with their labels
_RANKED = 1000  # rows of the ranking
_ANEW = "they are drawn anew at each reading, and a simple model agrees with their average"
_LOOK = Fix(
    text="Look at the suspects with their labels and mend what made them: a wrong join, a "
    "class list in another order, an augmentation that changes the meaning.",
    code='keras_recipe.browse(x, y, report=report).sort(by="doubt")',
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


def _told(answer: Answer, found: Doubts, contents: Contents) -> dict[str, Any]:
    """Return the evidence: who is doubted, and how many are wrong where that can be told."""
    told: dict[str, Any] = {
        "looked_at": len(found.order),
        **found.named(_MOST, answer, contents),
        "confident_learning": found.confident,
    }
    if found.estimate is not None:
        told["contradicted_by_the_surest"] = found.estimate.curve
        if found.estimate.told:
            told |= {
                "estimate": found.estimate.rate,
                "at_least": found.estimate.low,
                "at_most": found.estimate.high,
            }
    return told


def _doubted(answer: Answer, whole: Batch | None, seed: int, sure: float) -> Doubts | None:
    """Return the labels to doubt; None of labels that are no classes.

    Raises:
        NotApplicable: No simple model says anything of the labels.
    """
    if answer.y.mixed:
        msg = "the labels are many numbers a row (pixels, tokens): none is right or wrong alone"
        raise NotApplicable(msg)
    known = answer.signal.z >= sure or (answer.fresh.size and answer.transfer.z >= sure)
    found = None
    if answer.y.classes and (known or is_read(answer.rows)):
        found = doubts(answer, whole, seed)
    if not known and (found is None or found.z < sure):
        msg = "a simple model is not sure of any label"
        raise NotApplicable(msg)
    return found


def _counted(found: Doubts | None) -> str:
    """Return what is said of the number of wrong labels, after a semicolon."""
    if found is None or found.estimate is None:
        return ""
    one = found.estimate
    if one.told:
        return f"; about {one.rate:.1%} of all look wrong ({one.low:.1%} to {one.high:.1%})"
    return (
        f"; {one.rate:.1%} contradict the surest: how many labels are wrong cannot be told "
        "apart from what the model does not know (label some rows twice, and KR103 bounds it)"
    )


def _judged(
    answer: Answer,
    fit: CrossFit,
    found: Doubts | None,
    contents: Contents,
    limits: Mapping[str, float],
) -> Result:
    most, sure = limits["most"], limits["sure"]
    excess, name = _compared(answer), answer.question.name
    evidence: dict[str, Any] = {"rows": len(answer.x)}
    fields: dict[str, Any] = {"expected": 0.0, "unit": "share of labels", "evidence": evidence}
    alone = 0.0
    if found is not None:
        alone = sure_and_wrong(answer.learned.own, answer.y)
        evidence |= _told(answer, found, contents)
        fields["measured"] = evidence.get("estimate", alone)
    if excess is not None:
        evidence |= {"contradicted": excess.own, "in_validation": excess.other, "z": excess.z}
    if found is not None:  # last, since a page shows the beginning of the evidence
        evidence["ranking"] = found.ranking(_RANKED, answer, contents)
    if excess is not None:
        fields["measured"] = max(excess.rate, 0.0)
        kind = "contradict what a simple model is sure of"
        if not (answer.y.classes or answer.y.flags):
            kind = "are further off than 95% of the validation labels"
        text = (
            f"{excess.own:.0%} of the training labels {kind}, {excess.other:.0%} in validation"
        )
        proved = answer.y.classes or answer.y.flags or fit.alike
        if excess.rate >= most and excess.z >= sure and proved:
            return failed(
                f"{text}: about {excess.rate:.0%} are wrong",
                where=name,
                cause="Wrong labels, rows beside the labels of others, or an augmentation that "
                "keeps a label it made wrong.",
                fix=_LOOK,
                **fields,
            )
        if excess.rate >= limits["some"] and excess.z >= sure:
            return warned(f"{text}; expected as few", where=name, fix=_LOOK, **fields)
    elif answer.y.classes:
        text = f"{alone:.0%} of the labels contradict what a simple model is sure of"
    else:
        msg = "there are no classes, and no validation labels to compare with"
        raise NotApplicable(msg)
    text += _counted(found)
    if alone >= 2 * most and answer.signal.skill >= limits["clear"]:
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
    source: Source,
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
        Northcutt, Jiang and Chuang 2021, "Confident learning": out-of-sample probabilities, of
        all rows where they are arrays (ridge on random waves; n-grams for texts), else of an
        extra-trees forest on the sample. Ranked by the probability of the given label: of 3 %
        of Fashion-MNIST's labels flipped the first 6 % hold 0.93. Labels that contradict a sure
        prediction also come from classes that overlap, so it FAILs only if the same model is
        contradicted less in validation, class by class, and a share is told only where wrong
        labels explain more than overlap does (`keras_recipe.data.surest`).
        Calibration: 138 random splits of 13 clean data sets gave 1.6 standard errors at most.
        Rows count by their sample weights: noise that these put aside is no fault, nor is one
        that a dataset draws anew at each reading and that averages out.
    """
    results, reasons = [], []
    limits = {"most": most, "sure": sure, "some": some, "clear": clear}
    for answer in crossfit.answers():
        try:
            found = _doubted(answer, source.whole, crossfit.seed, sure)
            one = _judged(answer, crossfit, found, contents["training"], limits)
            if one.status != "pass" and averages_out(source, answer.question, crossfit.seed):
                one = passed(f"{one.message}; but {_ANEW}", measured=one.measured)
            results.append(one)
        except NotApplicable as reason:
            reasons.append(reason)
    if not results:
        raise reasons[0]
    return max(results, key=lambda r: _SEVERITY.index(str(r.status)))
