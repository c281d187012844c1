from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.leaf import Leaf
from keras_recipe.data.sameness import (
    constant_columns,
    copied_columns,
    groups_of_rows,
    label_spread,
)
from keras_recipe.data.statistics import Statistics
from keras_recipe.surgery.entrances import Seen, seen_by

_ROWS = 128  # rows followed into the network
_DECODE = Fix(
    text="Look at a few rows right before fit: a whole-number division (// 255), a wrong dtype "
    "of keras.Input, or a failed decode makes all of them the same.",
    code='x = x.astype("float32") / 255',
)


def _nothing_varies(x: list[Leaf], raw: list[np.ndarray], met: Seen | None) -> Result | None:
    fields: dict[str, Any] = {"measured": 1.0, "expected": 0.0, "unit": "share", "fix": _DECODE}
    fixed = [leaf for leaf in x if not leaf.folded and leaf.constant.all()]
    pictures = [leaf for leaf in fixed if leaf.rank > 2]
    if len(fixed) == len(x) or pictures:
        name = (pictures or fixed)[0].name
        return failed(
            f"all {x[0].rows} rows of {name} are the same; expected them to differ",
            where=name,
            cause="A whole-number division, a failed decode or a wrong column.",
            **fields,
        )
    if met and met.same_for_all and groups_of_rows(raw).any():
        return failed(
            f"the rows differ, but layer {met.calls[0][0]} gets the same for every row",
            where=met.calls[0][0],
            cause="The dtype of keras.Input, or a layer before it, takes the difference away.",
            **fields,
        )
    return None


def _columns(x: list[Leaf], sample: Batch) -> Result:
    """Judge single columns, and one input of several that never changes."""
    still = [leaf.name for leaf in x if leaf.dtype.kind == "f" and leaf.constant.all()]
    fixed, copied = [], []
    for leaf, rows in zip(x, leaves(sample.x), strict=True):
        fixed += [
            f"{leaf.name}[:, {i}]" for i in constant_columns(leaf) if leaf.name not in still
        ]
        copied += [f"{leaf.name}[:, {b}] = [:, {a}]" for a, b in copied_columns(leaf, rows)]
    blank = sum(int(leaf.constant.sum()) for leaf in x)
    if not still + fixed + copied:
        note = f"; {blank} features never change (blank pixels, unused words)" if blank else ""
        return passed(f"the rows differ{note}", evidence={"constant": blank})
    said = [f"never changes: {', '.join((still + fixed)[:5])}"] if still + fixed else []
    said += [f"there twice: {', '.join(copied[:5])}"] if copied else []
    return warned(
        f"{'; '.join(said)}; it carries nothing new",
        measured=float(len(still + fixed + copied)),
        expected=0.0,
        unit="features",
        where=(still + fixed + copied)[0],
        cause="A column that was meant to vary, or one that was joined in twice.",
        fix=Fix(text="Drop it, or find out why it carries nothing new."),
        evidence={"constant": still + fixed, "copies": copied},
    )


@check("KR102", cost="forward", requires=("KR101",))
def constant_features(
    model: Any,
    statistics: Statistics,
    sample: Batch,
    *,
    same_rows: float = 0.9,
    spread: float = 0.75,
) -> Result:
    """The inputs differ from row to row, where the network can see it.

    Why:
        A net can only learn from what differs. A whole-number division, a wrong dtype or a
        failed decode leaves the same row again and again, and training goes on regardless.
    Fix:
        Look at rows right before `fit`; drop columns that say nothing or say it twice.
    Tune:
        same_rows: Share of rows equal to the most frequent one from which on it FAILs, if
            their labels differ; half of it WARNs for inputs of eight numbers and more.
        spread: Label variance among those equal rows, relative to all rows, from which on
            their labels count as different; 1 would be no relation at all.
    Source:
        Karpathy 2019, stage 1. Rows that are equal to the last bit at the first layer with
        weights cannot be told apart by any network. Columns at 0, 1 or an end of the data's
        range are blank pixels, unused words or a bias, which is normal.
    """
    x = [leaf for leaf in statistics.x if leaf.numeric]
    if statistics.rows < 2 or not x or len(x) < len(statistics.x):
        msg = "there are fewer than two rows of numbers"
        raise NotApplicable(msg)
    rows = sample.take(slice(0, _ROWS))
    raw, met = leaves(rows.x), seen_by(model, rows.x)
    if found := _nothing_varies(x, raw, met):
        return found
    entrances = [e.values for e in met.entrances if e] if met else []
    groups = groups_of_rows(entrances if len(entrances) == len(raw) else raw)
    share, distinct = float((groups == 0).mean()), int(groups.max()) + 1
    mixed = label_spread(leaves(rows.y), groups == 0)
    text = f"{share:.0%} of {len(rows)} rows are one and the same row, and their labels differ"
    fields: dict[str, Any] = {
        "measured": share,
        "expected": 1 / len(rows),
        "unit": "share",
        "cause": "The preprocessing throws (almost) everything away.",
        "fix": _DECODE,
        "evidence": {"label_spread": mixed, "distinct": distinct, "rows": len(rows)},
    }
    few = distinct <= 0.05 * len(rows) and any(leaf.rank > 2 for leaf in x)  # of images
    if mixed >= spread and (share >= same_rows or few):
        return failed(f"{text} ({distinct} different rows in all)", **fields)
    size = sum(int(np.prod(array.shape[1:])) for array in raw)
    if mixed >= spread and share >= same_rows / 2 and size >= 8:
        return warned(f"{text}: no net can tell them apart", **fields)
    return _columns(x, sample)
