"""Cause before symptom: which finding explains which, and the order of the problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from keras_recipe.core.result import Cost, Result, Status

_DEPTH = {str(cost): depth for depth, cost in enumerate(Cost)}

#: What goes wrong when a training does not get anywhere, whatever the reason; the most telling
#: first. Nobody mends these: they are mended by mending something else.
TRAINING = (
    *("KR209", "KR310", "KR311", "KR315", "KR314", "KR316", "KR312", "KR319", "KR305", "KR210"),
    *("KR313", "KR208", "KR207", "KR212"),
)
_LEARNING = ("KR207", "KR208", "KR210", "KR305", "KR313", "KR319", "KR413")

#: Causes, the symptoms that follow from them, and why. A FAIL of a cause explains them.
LINKS: Sequence[tuple[tuple[str, ...], tuple[str, ...], str]] = (
    (
        ("KR101", "KR102", "KR119"),
        ("KR118", "KR204", "KR205", "KR220", *TRAINING),
        "nothing can be learned from inputs that hold no numbers or nothing that varies",
    ),
    (
        ("KR203",),
        ("KR219", *TRAINING),
        "a loss that misreads the labels teaches something else",
    ),
    (
        ("KR202",),
        ("KR219", "KR317", *TRAINING),
        "an output that cannot say what the labels say, or a loss that misreads it",
    ),
    (
        ("KR109", "KR225"),
        ("KR204", "KR220", "KR317", *TRAINING),
        "at that scale of the inputs units saturate or die, and no rate fits all weights",
    ),
    (
        ("KR110",),
        ("KR204", "KR205", *TRAINING),
        "the output first has to walk to the targets, or the gradients are as large as they",
    ),
    (
        ("KR103", "KR107", "KR118", "KR402"),
        _LEARNING,
        "labels that do not belong to the inputs can be learned by heart and no better",
    ),
    (
        ("KR221",),
        ("KR204", "KR219", "KR220", "KR317", *TRAINING),
        "from such initial weights units are alike, dead, saturated or far too loud",
    ),
    (
        ("KR220",),
        ("KR219", "KR317", *TRAINING),
        "dead and saturated units pass no gradient on",
    ),
    (("KR219",), ("KR317", *TRAINING), "weights without a gradient do not learn"),
    (
        ("KR222",),
        ("KR207", "KR208", "KR209", "KR210", "KR305", "KR313", "KR319"),
        "a linear map cannot learn what is not linear",
    ),
    (
        ("KR302", "KR304", "KR318"),
        TRAINING,
        "steps of the wrong size lead nowhere, or too slowly",
    ),
    (("KR209",), ("KR207", "KR208"), "what cannot learn eight examples cannot learn more"),
    (
        ("KR218", "KR414"),
        ("KR207", "KR305", "KR313", "KR319"),
        "the penalties hold the training loss up",
    ),
    (
        ("KR415",),
        ("KR207", "KR305", "KR313", "KR319", "KR410"),
        "a callback that reads its metric upside down stops or keeps what it should not",
    ),
    (
        ("KR310", "KR311", "KR315"),
        ("KR207", "KR212", "KR305", "KR312", "KR313", "KR319"),
        "a training that blew up has learned nothing",
    ),
    (
        ("KR104", "KR111", "KR112", "KR113", "KR213", "KR215", "KR217"),
        ("KR413",),
        "the two splits, or the two modes, are not the same thing",
    ),
)


def _links() -> dict[str, dict[str, str]]:
    """Return the reason by symptom and cause."""
    found: dict[str, dict[str, str]] = {}
    for causes, symptoms, reason in LINKS:
        for symptom in symptoms:
            found.setdefault(symptom, {}).update(dict.fromkeys(causes, reason))
    return found


CAUSES = _links()


#: Causes in the order of the table: the data, the contract, the model, the steps.
_PLACES = {code: place for place, code in enumerate(c for causes, *_ in LINKS for c in causes)}


def _order(result: Result) -> tuple[int, int, str]:
    """What can be mended before what only shows it, facts before their consequences."""
    if result.code in TRAINING:
        return 1, TRAINING.index(result.code), result.code
    return 0, _DEPTH.get(result.cost, 9), result.code


def _cause(result: Result, problems: Sequence[Result]) -> Result | None:
    """Return the problem that explains another one, None where it stands for itself."""
    others = [one for one in problems if one.code != result.code]
    if result.explained_by:
        return next((one for one in others if one.code == result.explained_by), None)
    known = CAUSES.get(result.code, {})
    found = [one for one in others if one.code in known and one.status is Status.FAIL]
    return min(found, key=_order, default=None)


def grouped(results: Iterable[Result]) -> list[tuple[Result, list[Result]]]:
    """Return the problems in order, each cause with the symptoms it explains.

    What no other finding explains comes first: FAILs before WARNs. Among each those lead that
    were proved by a change that mended another finding; then, among the WARNs, those that could
    explain a FAIL, the data before the model.

    Args:
        results: Rows of a report.
    """
    problems = [one for one in results if one.is_problem]
    cause = {one.code: _cause(one, problems) for one in problems}
    proved = {one.explained_by for one in problems if one.explained_by}

    def root(one: Result) -> Result:
        passed: set[str] = set()
        while (above := cause[one.code]) is not None and one.code not in passed:
            passed.add(one.code)
            one = above
        return one

    failures = [one for one in problems if one.status is Status.FAIL]
    suspected = {code for one in failures for code in CAUSES.get(one.code, {})}

    def rank(one: Result) -> tuple[Any, ...]:
        is_named = one.code in proved
        if one.status is Status.FAIL:
            return 0, not is_named, *_order(one)
        if is_named:
            return 1, *_order(one)
        if one.code in suspected:
            return 2, _PLACES[one.code]
        return 3, *_order(one)

    roots = sorted((one for one in problems if root(one) is one), key=rank)
    return [
        (one, sorted((s for s in problems if s is not one and root(s) is one), key=rank))
        for one in roots
    ]


def ranked(results: Iterable[Result]) -> list[Result]:
    """Return the problems in order: what stands for itself, then the symptoms."""
    groups = grouped(results)
    return [
        *(one for one, _ in groups),
        *(symptom for _, symptoms in groups for symptom in symptoms),
    ]


def reason(symptom: Result, cause: Result) -> str:
    """Return why one finding explains another; empty where only the trial says so."""
    return CAUSES.get(symptom.code, {}).get(cause.code, "")
