from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, Status, failed, passed
from keras_recipe.data.axes import Reading, scrambled
from keras_recipe.data.batch import Batch, leaves, names
from keras_recipe.data.crossfit import CrossFit
from keras_recipe.data.patches import is_placed, local
from keras_recipe.data.probes import curve, learnable
from keras_recipe.data.recoding import change_inputs
from keras_recipe.surgery.entrances import seen_by

_ROWS = 128  # rows followed into the network


def _met(model: Any, sample: Batch) -> list[tuple[str, np.ndarray, bool]]:
    """Return `(where, values, whether places count)` for each input as the network meets it."""
    rows = sample.take(slice(0, _ROWS))
    seen = seen_by(model, rows.x)
    found = []
    entrances = seen.entrances if seen else [None] * len(leaves(rows.x))
    for name, leaf, met in zip(names(rows.x, "x"), leaves(rows.x), entrances, strict=True):
        if met is not None and met.kind != "tokens" and met.values.ndim > 2:
            found.append((met.path, met.values, True))
        elif is_placed(leaf):
            found.append((name, leaf, met is None))
    return found


def _turned(values: np.ndarray, reading: Reading, sample: Batch) -> Any:
    """Return what reads the only input in another order of axes; None where it is unknown."""
    given = [leaf[: len(values)].astype(values.dtype) for leaf in leaves(sample.x)]
    if len(given) != 1 or not np.array_equal(values, given[0]):
        return None
    return partial(change_inputs, change=reading.turned)


def _told(where: str, values: np.ndarray, reading: Reading, sample: Batch) -> Result:
    inside = not any(values.shape[1:] == leaf.shape[1:] for leaf in leaves(sample.x))
    sizes = " x ".join(map(str, reading.shape))
    tried = {"before": reading.before, "after": reading.after, "steps": 0}
    return failed(
        f"neighbouring values correlate by {reading.before:.2f}; read as {sizes} and "
        f"transposed, the same numbers do by {reading.after:.2f}",
        measured=reading.before,
        expected=reading.after,
        unit="correlation of neighbours",
        where=where,
        cause="Axes were merged by reshape where a transpose was meant.",
        fix=Fix(
            text="Transpose where axes change places; reshape only splits and joins them.",
            code="keras.layers.Permute((2, 1))" if inside else reading.code,
            data=None if inside else _turned(values, reading, sample),
            tried={**tried, "unit": "correlation of neighbours"},
        ),
        evidence={"shape": list(values.shape[1:]), "read_as": list(reading.shape)},
    )


@check("KR116", cost="train", requires=("KR101", "KR102"))
def position(model: Any, sample: Batch, crossfit: CrossFit, *, clear: float = 0.2) -> Result:
    """Neighbours in the inputs are neighbours in the world; whether places matter is known.

    Why:
        Convolutions and recurrences see neighbours. A reshape where a transpose was meant
        keeps every number and scatters the neighbours. And where places do not matter, average
        pooling saves weights.
    Fix:
        `transpose` or `keras.layers.Permute` to change the order of axes.
    Tune:
        clear: Share that a simple model must explain for the sentence about places.
    Source:
        Karpathy 2019, stage 1 ("does spatial position matter or do we want to average pool it
        out?"). FAIL by counterfactual: the same numbers in another order of axes are smooth and
        break exactly where one of its axes ends; 600 made series of 2-9 channels, alike or not,
        gave no false alarm, of 32 reshaped ones 28 were found; pieces of photographs, gray or
        with channels apart, gave none either, and all reshaped ones were found. WARN where the
        first layer with weights takes all values alike: their order makes no difference.
    """
    met = _met(model, sample)
    if not met:
        msg = "no input is a picture or a series"
        raise NotApplicable(msg)
    for where, values, counts in met:
        if reading := scrambled(np.asarray(values, "float32")):
            told = _told(where, values, reading, sample)
            return told if counts else told.stamped(status=Status.WARN)
    text = "neighbours are in the best order of axes"
    try:
        answer = learnable(crossfit, clear)
        seed = crossfit.seed
        found = curve(crossfit, answer, [("pooled", lambda leaf: local(leaf, seed)(leaf))])
    except NotApplicable:
        return passed(text, where=met[0][0])
    pooled = found.points[0]
    matters = "do not matter: global pooling is safe" if found.enough(pooled) else "matter"
    return passed(
        f"{text}; places {matters} ({found.text} of the labels explained)",
        measured=pooled.skill,
        expected=found.whole,
        unit="share explained",
        where=found.where,
        evidence=found.evidence,
    )
