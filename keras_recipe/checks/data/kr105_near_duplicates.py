from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents
from keras_recipe.data.label_noise import numbers_of_rows
from keras_recipe.data.nearness import Sketch, near
from keras_recipe.data.series import are_windows


def _as_the_model_sees(
    rows: np.ndarray, sample: Batch, contents: Contents, level: float
) -> Result:
    """Name near copies among the sample, as the model's last layer gets it; proves nothing."""
    sketch = Sketch()
    if len(rows):
        sketch.add(Batch(rows))
    if not len(sketch.points):
        msg = "distances between such rows mean nothing: tokens, codes, or rows of many shapes"
        raise NotApplicable(msg)
    found = near(sketch, level=level)
    named = [
        numbers_of_rows(contents, leaves(sample.take(np.array(pair)).x)) for pair in found.pairs
    ]
    return passed(
        f"to the last layer of the model {found.share:.1%} of {found.looked_at} training rows "
        "are almost copies of another; worth a look, and no proof",
        measured=found.share,
        expected=0.0,
        unit="share of rows",
        evidence={"pairs": [pair for pair in named if len(pair) == 2]},
    )


@check("KR105", cost="forward", requires=("KR101",))
def near_duplicates(
    sketches: Mapping[str, Sketch],
    sample: Batch,
    contents: Mapping[str, Contents],
    embedding: Callable[[], np.ndarray],
    *,
    share: float = 0.05,
    level: float = 0.01,
) -> Result:
    """Few training rows are almost copies of others.

    Why:
        Frames of one film, or pictures saved twice, count as one: there is less data than it
        seems, and a random split puts one half of each pair on the other side.
    Fix:
        Keep one of each, or split by source (`groups=`).
    Tune:
        share: Share of the rows with a near copy from which on it WARNs.
        level: Chance of any false pair in data that are locally even.
    Source:
        Barz and Denzler 2020; local dimension by Levina and Bickel 2004. 32 random projections
        a row; up to 2048 rows are compared with all. Pictures, and tables whose columns all
        have 50 different values: rows with equal codes are near by nature. Other rows are
        compared as the model's last layer gets them, a sample of 1024 at most: near copies are
        named there and never WARN, since a layer may bring unlike rows together.
    """
    rows = sketches["training"]
    if not len(rows.points):
        return _as_the_model_sees(embedding(), sample, contents["training"], level)
    found = near(rows, level=level)
    said = f"{found.share:.1%} of {found.looked_at} training rows are almost copies of another"
    fields: dict[str, Any] = {
        "measured": found.share,
        "expected": 0.0,
        "unit": "share of rows",
        "evidence": {"pairs": [list(pair) for pair in found.pairs]},
    }
    if found.share < share:
        return passed(said, **fields)
    if are_windows(leaves(sample.x), contents["training"].rows):
        return passed(f"{said}: windows over one series that repeats itself", **fields)
    return warned(
        said,
        where=f"rows {list(found.pairs[0])}",
        cause="Pictures of one thing, frames of one film, or augmented copies.",
        fix=Fix(
            text="Keep one of each, or tell the groups apart when splitting.",
            code="model.check(x, y, groups=source_of_each_row)",
        ),
        **fields,
    )
