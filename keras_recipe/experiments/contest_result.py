"""What a contest between the data as it is and standardised data says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.contest import Contest

AS_GOOD = 0.8  # share of what standardised data reaches that counts as no harm
CAUSE = "Default weights and rates expect numbers around 0 with deviation 1."


def result_of(
    race: Contest | None,
    text: str,
    fields: Mapping[str, Any],
    *,
    what: str,
    fix: Fix,
    cause: str,
    least: float,
    ratio: float,
) -> Result:
    """Return FAIL where harm is shown, PASS where there is none, else WARN.

    Args:
        race: The contest; None if there was no time for it.
        text: The scale that was measured, in words.
        fields: Further fields of the result.
        what: What is explained: `"labels"`, `"targets' variance"`.
        fix: The change that was tried.
        cause: Why it harms.
        least: As in `Contest.harmed`.
        ratio: As in `Contest.harmed`.
    """
    if race is None:
        return warned(f"{text}; training takes too long to try it", cause=CAUSE, **fields)
    before, after = race.reached
    steps = race.steps[-1]
    said = (
        f"{text}; in {steps} steps the model explains {before:.0%} of the {what}, and "
        f"{after:.0%} when they are standardised"
    )
    shares = [[float(v) for v in one] for one in (*race.before, race.after)]
    names = [f"as it is ({i + 1})" for i in range(len(race.before))] + ["standardised"]
    series = dict(zip(names, shares, strict=True))
    facts = {"steps": list(race.steps), "planned": race.planned, "explained": series}
    picture = {
        "kind": "curves",
        "title": f"Share of the {what} explained on held-out rows",
        "x": facts["steps"],
        "series": series,
        "xlabel": "step",
        "ylabel": "share",
    }
    told = {
        **fields,
        "evidence": {**fields.get("evidence", {}), "contest": facts},
        "pictures": [picture],
    }
    tried = {"before": before, "after": after, "unit": "share explained", "steps": steps}
    fix = dataclasses.replace(fix, tried=tried)
    if race.harmed(least=least, ratio=ratio):
        return failed(said, cause=cause, fix=fix, **told)
    if before >= max(AS_GOOD * after, least / 2):
        return passed(said, **told)
    return warned(said, cause=CAUSE, fix=fix, **told)
