"""One verdict out of many rules."""

from __future__ import annotations

from collections.abc import Iterable

from keras_recipe.core.result import Result, Status


def worst(findings: Iterable[Result | None]) -> Result | None:
    """Return the first FAIL, else the first WARN, with the others' messages as evidence.

    Args:
        findings: What the rules said, those about causes first; None is "nothing found".
    """
    found = [one for one in findings if one is not None]
    found.sort(key=lambda one: one.status is not Status.FAIL)
    if not found:
        return None
    first, others = found[0], [one.message for one in found[1:]]
    return first.stamped(evidence={**first.evidence, "also": others}) if others else first
