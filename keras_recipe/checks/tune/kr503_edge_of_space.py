import math
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.search_axes import Axis
from keras_recipe.experiments.searched import Searched

DECADES = 100.0  # from here a linear scale puts 9 of 10 trials into the last decade


def _is_rate(axis: Axis, words: tuple[str, ...]) -> bool:
    name = axis.name.lower()
    return any(word in name for word in words) or name in ("lr", "alpha", "l1", "l2")


def _linear(axis: Axis, words: tuple[str, ...]) -> bool:
    """Whether a rate over decades is drawn on a linear scale."""
    wide = axis.kind == "number" and axis.low >= 0 and axis.high > DECADES * axis.low
    return wide and not axis.log and axis.high < 1 and _is_rate(axis, words)


@check("KR503", cost="static")
def edge_of_space(
    search: Searched,
    *,
    edge: float = 0.03,
    top: int = 3,
    rates: tuple[str, ...] = ("learning_rate", "decay", "regulariz"),
) -> Result:
    """The best values lie within their ranges, and rates are searched on a logarithmic scale.

    Why:
        A best value at the end of its range says that a better one may lie beyond. Rates act
        by their order of magnitude: drawn evenly between 1e-5 and 0.1, nine of ten trials lie
        above 0.01.
    Fix:
        Widen the range on that side and search again; `sampling="log"` for rates.
    Tune:
        edge: share of the range, on its own scale, that counts as its end. On an axis that
            plays no part the best of many trials lies there with twice this chance.
        top: as many of the best trials have to lie there, all on the same side, so that an
            axis without influence is named once in 2 * edge ** -top cases (40,000) only.
        rates: parts of names that say what a rate is.
    Source:
        Karpathy 2019, stage 5; Bengio 2012, section 3.3: check that the best value is not at
        the border, and choose the scale.
    """
    found: list[str] = []
    best, places = search.ranked[:top], search.points()[:top]
    at = dict(zip((axis.name for axis in search.axes), places.T, strict=True))
    for axis in search.axes:
        values = at[axis.name]
        if not axis.ordered or len(best) < top or not len(values):
            continue
        low = axis.choices[0] if axis.kind == "choice" else axis.low
        high = axis.choices[-1] if axis.kind == "choice" else axis.high
        bounded = axis.kind == "number" and axis.low == 0
        if (values >= 1 - edge).all():
            found.append(f"{axis.name} is best at its upper end {high:g}")
        elif (values <= edge).all() and not bounded:
            found.append(f"{axis.name} is best at its lower end {low:g}")
    linear = [axis.name for axis in search.axes if _linear(axis, rates)]
    found += [f"{name} is searched on a linear scale" for name in linear]
    known = {name: [float(v) for v in row if math.isfinite(v)] for name, row in at.items()}
    fields: dict[str, Any] = {
        "measured": float(len(found)),
        "unit": "axes",
        "evidence": {f"places of the best {top} (0 to 1)": known},
        "pictures": search.across(),
    }
    if found:
        return warned(
            "; ".join(found),
            cause="A better setting may lie where the search did not look.",
            fix=Fix(
                text="Widen the range on that side, and search rates on a logarithmic scale.",
                code='hp.Float("learning_rate", 1e-5, 1e-1, sampling="log")',
            ),
            **fields,
        )
    return passed(f"no axis has the {top} best trials at one end", **fields)
