from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.data.batch import Batch, leaves, names
from keras_recipe.data.statistics import Statistics
from keras_recipe.data.tokens import is_tokens
from keras_recipe.data.unknown_codes import Unknown, unknown_codes

_SHOWN = 20
_LEAST = 20  # rows; quartiles of fewer say little
_NEIGHBOURS = 10  # the last of them counts: pairs of outliers must not hide each other
_NORMAL = 1.349  # distance of the quartiles of a normal distribution in deviations


def _distances(flat: np.ndarray) -> np.ndarray:
    """Return how many robust deviations each value is from its column's middle.

    Half of a column must vary: zeros with exceptions have no scale, and count as 0.
    """
    low, middle, high = np.nanpercentile(flat, (25, 50, 75), axis=0)
    spread = (high - low) / _NORMAL
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.abs(flat - middle) / spread
    return np.where(spread > 1e-9 * np.maximum(np.abs(middle), 1e-12), np.nan_to_num(away), 0.0)


def _alone(column: np.ndarray, row: int) -> float:
    """Return the gap to the next value over the range of all others."""
    others = np.delete(column, row)
    others = others[np.isfinite(others) & (others != column[row])]
    if len(others) < 2 or np.ptp(others) == 0:
        return 0.0
    return float(np.abs(others - column[row]).min() / np.ptp(others))


def _of_codes(found: Unknown, evidence: dict[str, Any]) -> Result:
    more = f" and {len(found.places) - 1} more" if len(found.places) > 1 else ""
    return warned(
        f"{found.value:.6g} occurs in {found.places[0]}{more}, and the next number is "
        f"{found.gap:.3g} times as far away as all others reach",
        measured=found.gap,
        unit="ranges",
        where=found.places[0],
        cause='It is a code for "unknown" (or the cap of a register) and is read as an amount.',
        fix=Fix(
            text="Make gaps of it before anything is scaled, and fill them; a column that says "
            "where they were may help.",
            code=f"x = np.where(x == {found.value:.10g}, np.nan, x)",
        ),
        evidence={**evidence, "columns": found.places[:_SHOWN]},
    )


def _as_the_model_sees(rows: np.ndarray) -> Result:
    """Rank the sample by the distance to the tenth neighbour in what the last layer gets."""
    if len(rows) < _LEAST or not np.isfinite(rows).all():
        msg = "there is no table of amounts with 20 rows or more"
        raise NotApplicable(msg)
    scaled = StandardScaler().fit_transform(rows)
    count = min(_NEIGHBOURS, len(rows) // 2)
    away = NearestNeighbors(n_neighbors=count).fit(scaled).kneighbors()[0][:, -1]
    away = away / max(float(np.median(away)), 1e-12)
    order = np.argsort(-away, kind="stable")[:_SHOWN]
    named = [{"row": int(r), "distance": float(away[r])} for r in order]
    return passed(
        f"to the last layer of the model one row lies {away[order[0]]:.1f} times as far from "
        "its neighbours as half of the rows do; the ranking is in the evidence",
        measured=float(away[order[0]]),
        unit="times the median distance",
        evidence={"rows_of_the_sample": named},
    )


@check("KR108", cost="forward", requires=("KR101",))
def outliers(
    sample: Batch,
    statistics: Statistics,
    embedding: Callable[[], np.ndarray],
    *,
    far: float = 20.0,
    gap: float = 3.0,
) -> Result:
    """No value stands far outside of all others of its feature.

    Why:
        One -999 for "unknown" or a price with a lost decimal point decides the scale of its
        feature and, under a squared loss, the fit.
    Fix:
        Look at the rows named; clip, or give gaps a column of their own.
    Tune:
        far: Distance from the median, in deviations told by the quartiles, above which a value
            is suspected; the features of the breast cancer set reach 12.
        gap: Gap to the next other value over the range of all the others, above which it
            stands alone and WARNs. A heavy tail has no such gap.
    Source:
        Rousseeuw and Hubert 2011, "Robust statistics for outlier detection". On the sample of
        at most 1024 rows; the ranking of the rows is in the evidence. Codes of nines and the
        fill values of NetCDF are looked for in all rows of tables and series. Rows that are no
        table (pictures, tokens) are ranked by the distance to their tenth neighbour in what the
        model's last layer gets (Ramaswamy, Rastogi and Shim 2000): no bar is known for it, so
        that it never WARNs.
    """
    numeric = [
        (name, leaf)
        for name, leaf in zip(names(sample.x, "x"), leaves(sample.x), strict=True)
        if leaf.dtype.kind == "f" and leaf.ndim == 2 and not is_tokens(leaf)
    ]
    codes = (
        unknown_codes(statistics.x, leaves(sample.x), gap) if len(sample) >= _LEAST else None
    )
    if not numeric or len(sample) < _LEAST:
        return _of_codes(codes, {}) if codes else _as_the_model_sees(embedding())
    ranked: list[tuple[float, str, int, int, np.ndarray]] = []
    for name, leaf in numeric:
        flat = np.asarray(leaf, "float64")
        away = _distances(flat)
        for row in np.argsort(-away.max(1))[:_SHOWN]:
            column = int(away[row].argmax())
            ranked.append((float(away[row, column]), name, int(row), column, flat[:, column]))
    ranked.sort(key=lambda one: -one[0])
    worst, name, _, column, _ = ranked[0]
    fields: dict[str, Any] = {
        "measured": worst,
        "expected": far,
        "unit": "robust deviations",
        "where": f"{name}[:, {column}]",
        "evidence": {
            "rows_of_the_sample": [
                {"row": r, "input": n, "feature": c, "value": float(v[r]), "distance": d}
                for d, n, r, c, v in ranked[:_SHOWN]
            ]
        },
    }
    if codes:
        return _of_codes(codes, fields["evidence"])
    text = f"the farthest value lies {worst:.1f} deviations from the middle of its feature"
    for d, n, r, c, v in ranked:
        if d > far and _alone(v, r) > gap:
            count = int((v == v[r]).sum())
            times = f" ({count} times)" if count > 1 else ""
            return warned(
                f"{v[r]:.6g}{times} stands alone in {n}[:, {c}], {d:.0f} deviations from the "
                f"median {np.nanmedian(v):.4g}",
                cause='A code for "unknown", another unit, or a slip of the decimal point.',
                fix=Fix(
                    text="Look at these rows; clip, or mark gaps.",
                    code=f"x[:, {c}] = np.clip(x[:, {c}], low, high)",
                ),
                **{**fields, "where": f"{n}[:, {c}]", "measured": d},
            )
    return passed(text, **fields)
