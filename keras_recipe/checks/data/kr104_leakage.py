from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.coincidence import are_tokens, chance_of_equal_rows, expected_share
from keras_recipe.data.contents import Contents, copies
from keras_recipe.data.nearness import Sketch, near
from keras_recipe.data.resplitting import drop_copies
from keras_recipe.data.series import are_windows

_SPLIT = Fix(
    text="Drop the copies, or put all of one kind on one side; split before oversampling and "
    "before augmenting.",
    code="x, first = np.unique(x, axis=0, return_index=True); y = y[first]  # before the split",
)
_DROP = replace(_SPLIT, data=drop_copies)
_AGAIN = (
    "The rows are windows over one series, and it repeats itself: later ones bring nothing new."
)


def _torn(groups: Mapping[str, np.ndarray]) -> Result | None:
    """Judge what the user said of rows that belong together."""
    known = groups.get("training")
    for split, labels in groups.items():
        if split == "training" or known is None:
            continue
        both = np.isin(labels, known)
        if both.any():
            named = [str(g) for g in np.unique(labels[both])[:5]]
            return failed(
                f"{both.mean():.1%} of the {split} rows belong to groups that are trained on "
                f"({', '.join(named)})",
                measured=float(both.mean()),
                expected=0.0,
                unit="share of rows",
                where=split,
                cause="The split was made by rows, not by groups.",
                fix=Fix(
                    text="Split by groups.",
                    code="sklearn.model_selection.GroupShuffleSplit(1).split(x, y, groups)",
                ),
                evidence={"groups": named},
            )
    return None


def _near(
    sketches: Mapping[str, Sketch],
    shares: tuple[float, float],
    least: int,
    level: float,
    *,
    series: bool,
) -> Result | None:
    """Judge rows that are almost copies of training rows."""
    for split, rows in sketches.items():
        if split == "training":
            continue
        found = near(rows, sketches["training"], level)
        if found.share >= shares[0] and found.count >= least:
            say = failed if found.share >= shares[1] and not series else warned
            return say(
                f"{found.share:.1%} of {found.looked_at} {split} rows are almost copies of "
                "training rows",
                measured=found.share,
                expected=0.0,
                unit="share of rows",
                where=split,
                cause=_AGAIN
                if series
                else "Rows were augmented before splitting, or are frames of one film.",
                fix=_SPLIT,
                evidence={"pairs": [list(pair) for pair in found.pairs]},
            )
    return None


@check("KR104", cost="forward")
def leakage(
    contents: Mapping[str, Contents],
    samples: Mapping[str, Batch],
    sketches: Mapping[str, Sketch],
    groups: Mapping[str, np.ndarray],
    *,
    share: float = 0.02,
    least: int = 5,
    ratio: float = 10.0,
    within: float = 3.0,
    alike: float = 0.5,
    tiny: int = 64,
    close_share: float = 0.03,
    close_most: float = 0.1,
    level: float = 0.01,
) -> Result:
    """No row that is trained on stands in the validation or test data.

    Why:
        A net is right on rows it knows by heart. Copies across the split (oversampling before
        splitting, files stored twice) make validation say what training says.
    Fix:
        Drop copies before splitting; split by group where rows belong together.
    Tune:
        share: Share of held-out rows with a copy in training from which on it FAILs; public
            sets have up to 1 % by accident.
        least: The same as a number of rows.
        ratio: How many times as many copies as chance explains there must be for a FAIL or
            WARN: tables of few states share rows by nature.
        within: For tokens, the same times the share of training rows that occur again in
            training: short texts repeat by themselves, on both sides alike.
        alike: For windows over one series, share of training rows that occur again in training,
            over that of held-out rows, from which on the series is taken to repeat itself.
        tiny: Rows below which validating on the training rows is taken for a demonstration and
            only WARNs.
        close_share: Share of held-out rows that are almost copies from which on it WARNs.
        close_most: The same to FAIL. Pictures of a few things at a few places are alike by
            nature (3.0 % in a set of four shapes at 64 places); augmenting before splitting,
            or splitting a film, makes copies of most rows.
        level: Chance of any false near pair in data that are locally even.
    Source:
        Karpathy 2019, stage 1; Barz and Denzler 2020, "Do we train on test data?". Hashes of
        every row, as Keras casts it; near copies as in KR105; groups as given by the user.
        Windows over one series that repeats itself, like a sine, are equal however they are
        split, by time as well: these only WARN.
    """
    held = {name: found for name, found in contents.items() if name != "training"}
    if not held:
        msg = "there is no validation or test data to compare with"
        raise NotApplicable(msg)
    if bad := _torn(groups):
        return bad
    known, x = contents["training"], leaves(samples["training"].x)
    chance = expected_share(chance_of_equal_rows(x), known.rows)
    inside = copies(known).share if are_tokens(x) else 0.0
    shared = {name: copies(rows, known) for name, rows in held.items()}
    split, worst = max(shared.items(), key=lambda item: item[1].share)
    fields: dict[str, Any] = {
        "measured": worst.share,
        "expected": 0.0,
        "unit": "share of rows",
        "where": split,
        "evidence": {name: {"pairs": [list(p) for p in c.pairs]} for name, c in shared.items()},
    }
    said = (
        f"{worst.share:.1%} of the {split} rows ({worst.count}) are rows of the training data"
    )
    close, series = (close_share, close_most), are_windows(x, known.rows)
    if worst.share < share and (found := _near(sketches, close, least, level, series=series)):
        return found
    if not worst.count:
        return passed(f"no {' or '.join(shared)} row is also a training row", **fields)
    if worst.share < max(ratio * chance, within * inside):
        return passed(f"{said}, as chance has it: rows repeat by themselves", **fields)
    same = worst.share == 1 and held[split].rows == known.rows
    certain = worst.count >= least and worst.share >= share and worst.agreeing >= 1 / 2
    repeats = series and copies(known).share >= worst.share * alike
    certain = certain and held[split].rows >= tiny and (same or not repeats)
    fields["cause"] = (
        "The model is validated on what it is trained on."
        if same
        else _AGAIN
        if repeats
        else "Rows were copied or oversampled before splitting, or files occur twice."
    )
    text = f"{said}, {worst.agreeing:.0%} of these with the same target"
    return (failed if certain else warned)(text, fix=_DROP, **fields)
