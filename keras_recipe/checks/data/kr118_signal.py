from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.alignment import Slip, rows_last, slip
from keras_recipe.data.batch import leaves
from keras_recipe.data.crossfit import Answer, CrossFit
from keras_recipe.data.recoding import BOTH, change_inputs, change_targets
from keras_recipe.data.redrawn import averages_out
from keras_recipe.data.sources import Source

_SEVERITY = ("pass", "warn", "fail")
_FEW = 30  # validation rows that say nothing
_PAIRS = Fix(
    text="Look at rows with their labels right before fit, and shuffle inputs and labels "
    "with one permutation; an augmentation must change the label where it changes the meaning.",
    code="order = np.random.permutation(len(x)); x, y = x[order], y[order]",
)


def _unlike(answer: Answer, fit: CrossFit, strength: float, sure: float, none: float) -> str:
    """Return what proves that the labels of one split do not belong to its inputs, or ''."""
    own, held = answer.signal, len(answer.held_y.values)
    if held < _FEW or not answer.held_y.varied:
        return ""
    weak = own.z < none
    if weak or own.skill < 0.7:
        other = answer.held_signal
        clear = other.skill >= strength and other.z >= sure
        if clear and own.skill + 2 * own.spread < other.skill / 2 and (weak or fit.alike):
            return (
                f"the training labels follow from their inputs by {max(own.skill, 0):.0%}, the "
                f"validation labels by {other.skill:.0%}"
            )
    if own.skill >= strength and answer.transfer.z < none and answer.held_signal.z < none:
        few = answer.few_signal
        if few.skill >= strength and few.z >= sure and fit.alike:
            return (
                f"{held} training labels follow from their inputs by {few.skill:.0%}, as many "
                f"validation labels by {max(answer.held_signal.skill, 0):.0%}"
            )
    return ""


def _mended(text: str, answer: Answer, found: Slip, splits: Sequence[str] = BOTH) -> Fix:
    """Return the fix that puts inputs or labels of some splits in the order found."""
    before, after = answer.signal.skill, found.signal.skill
    tried = {"before": before, "after": after, "unit": "share explained", "steps": 0}
    if found.of_inputs:
        data = partial(_all_turned, turn=found.turn)
    else:
        place = answer.question.place
        data = partial(change_targets, change=found.turn, place=place, splits=splits)
    return Fix(text=text, code=found.code, data=data, tried=tried)


def _all_turned(arguments: Mapping[str, Any], *, turn: Any) -> dict[str, Any]:
    """Return the arguments of `fit` with every input read in another way."""
    made = dict(arguments)
    for place in range(len(leaves(made["x"]))):
        made = change_inputs(made, change=turn, place=place)
    return made


def _judged(
    answer: Answer,
    fit: CrossFit,
    source: Source,
    *,
    strength: float,
    sure: float,
    none: float,
) -> Result:
    own = answer.signal
    fields: dict[str, Any] = {
        "measured": own.skill,
        "expected": strength,
        "unit": "share explained",
        "where": answer.question.name,
        "evidence": {"skill": own.skill, "z": own.z, "rows": len(answer.x)},
    }
    unlike = _unlike(answer, fit, strength, sure, none)
    if unlike and averages_out(source, answer.question, fit.seed):
        text = "each is drawn anew at every reading, and their average follows far better"
        return passed(f"{unlike}; but {text}", **fields)
    if unlike:
        return failed(
            f"{unlike} (simple models, rows they had not seen)",
            cause="Inputs and labels were reordered apart, or an augmentation kept labels that "
            "it made wrong.",
            fix=_PAIRS,
            **fields,
        )
    if own.z >= none:
        return passed(
            f"a simple model explains {own.skill:.0%} of the labels on rows it had not seen, "
            f"{own.z:.0f} deviations above shuffled labels",
            **fields,
        )
    text = "simple models find no relation between inputs and labels"
    limits = {"sure": sure, "strength": strength}
    if found := slip(fit, answer.question, **limits):
        return failed(
            f"{text}, but with the labels {found.text} they explain {found.signal.skill:.0%}",
            cause="Inputs and labels slipped against each other.",
            fix=_mended("Put the labels back beside their inputs.", answer, found),
            **fields,
        )
    if found := rows_last(fit, source.whole, answer.question, **limits):
        return failed(
            f"{text}, but with the inputs {found.text} they explain {found.signal.skill:.0%}",
            cause="The array had its rows last, and reshape cut it up where a transpose was "
            "meant: each row holds numbers of many rows.",
            fix=_mended("Move the axis of the rows to the front.", answer, found),
            **fields,
        )
    return warned(
        f"{text} ({own.z:.1f} deviations above shuffled labels on {len(answer.x)} rows); "
        "expected some, unless the problem is a hard one",
        cause="A relation that only the right model sees (parity, long sequences), or labels "
        "that do not belong to these inputs.",
        fix=_PAIRS,
        **fields,
    )


@check("KR118", cost="train", requires=("KR101", "KR102"))
def signal(
    crossfit: CrossFit,
    source: Source,
    *,
    strength: float = 0.3,
    sure: float = 5.0,
    none: float = 3.0,
) -> Result:
    """The inputs say something about the labels, in training as in validation.

    Why:
        Nothing can be learned from labels that belong to other rows. The loss still falls, for
        a net learns them by heart, and only the validation tells.
    Fix:
        Shuffle inputs and labels with one permutation; look at pairs right before `fit`.
    Tune:
        strength: Share explained by a simple model that counts as a clear relation.
        sure: Deviations above shuffled labels that a clear relation must have for a FAIL.
        none: Deviations under which no relation was found.
    Source:
        Ojala and Garriga 2010, permutation tests for classifiers: 3 deviations are exceeded by
        chance once in 700 programs, 5 once in millions. A WARN alone for what simple models
        cannot see. FAIL needs a proof that they can: the same kind of model explains the
        validation labels, at most twice as many rows and inputs alike, or it explains the
        training labels once these are moved by some rows or reversed, or the inputs are read
        with their rows last. Numbers beyond Tukey's fences (1977) count as the fence, rows of
        small sample weight by their weight.
    """
    limits = {"strength": strength, "sure": sure, "none": none}
    results = [_judged(a, crossfit, source, **limits) for a in crossfit.answers()]
    return max(results, key=lambda r: _SEVERITY.index(str(r.status)))
