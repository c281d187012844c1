"""Which rows of the training data a report names, check by check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.data.batch import leaves
from keras_recipe.data.contents import Contents
from keras_recipe.data.label_noise import numbers_of_rows


def _numbers(value: Any) -> list[int]:
    """Return the whole numbers in a list, or in a list of lists."""
    if isinstance(value, int):
        return [] if isinstance(value, bool) else [value]
    return (
        [n for one in value for n in _numbers(one)] if isinstance(value, list | tuple) else []
    )


def _of_training(code: str, evidence: Mapping[str, Any]) -> Iterator[int]:
    """Yield the numbers of training rows in the evidence of a check."""
    for key, value in evidence.items():
        if isinstance(value, Mapping):
            split = key.split(" ")[0]
            inner = code == "KR104" or split not in ("validation", "test")
            yield from _of_training(code, value) if inner else ()
        elif key in ("indices", "suspects", "conflicts"):
            yield from _numbers(value)
        elif key == "pairs":  # of leaks the second row alone is of the training data
            yield from _numbers([pair[1:] if code == "KR104" else pair for pair in value])


def _of_sample(report: Report, code: str) -> Iterator[int]:
    """Yield what is named by its place in the sample of `check`, as KR108 does."""
    named = report[code].evidence.get("rows_of_the_sample")
    if not named or report.subject is None:
        return
    contents, sample = report.subject.need("contents")["training"], report.subject.sample
    rows = np.array([one["row"] for one in named], "int64")
    yield from numbers_of_rows(contents, leaves(sample.take(rows).x))


def rows_named(report: Report) -> dict[str, list[int]]:
    """Return the training rows that each check of a report names, by code; most name a few."""
    found = {}
    for result in report.results:
        places = [*_of_training(result.code, result.evidence), *_of_sample(report, result.code)]
        if places:
            found[result.code] = sorted(set(places))
    return found


def doubted(report: Report) -> list[int]:
    """Return the training rows whose labels KR107 doubts, the most doubtful first."""
    found = (r.evidence.get("ranking") for r in report.results if r.code == "KR107")
    return _numbers(next(found, None))


def refuse_other_data(report: Report, contents: Contents, total: int) -> None:
    """Refuse a report of other data than these.

    The rows a report speaks of may be the first of these: `validation_split` cuts off the end.

    Args:
        report: The report.
        contents: Hashes of the data.
        total: Its rows.

    Raises:
        InputError: The report is of other data.
    """
    told = re.search(r"(\d+) rows", str(report.facts.get("data", "")))
    theirs = int(told[1]) if told else 0
    most = max((max(rows) for rows in rows_named(report).values()), default=-1)
    same = theirs <= total and most < total
    if same and report.subject is not None:
        same = _begins_with(contents, report.subject.need("contents")["training"])
    if not same:
        msg = (
            f"The report is of other data: {theirs or most + 1} rows, or not the first of the "
            f"{total} that are given here. Give the x and y that were checked."
        )
        raise InputError(msg)


def _begins_with(contents: Contents, other: Contents) -> bool:
    mine, theirs = _in_order(contents, other.rows), _in_order(other, other.rows)
    limits = [one.limit for one in (contents, other) if one.limit is not None]
    if limits:  # of much data each kept the small hashes
        mine, theirs = (h[h < np.uint64(min(limits))] for h in (mine, theirs))
    return np.array_equal(mine, theirs)


def _in_order(contents: Contents, most: int) -> np.ndarray:
    hashes, _, places = contents.columns
    order = np.argsort(places, kind="stable")
    ordered: np.ndarray = hashes[order][places[order] < most]
    return ordered
