"""The rule that names (of users, products, places) are not read as amounts."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, warned
from keras_recipe.data.batch import Batch, leaves, names
from keras_recipe.data.crossfit import CrossFit
from keras_recipe.data.nominal import nominal
from keras_recipe.data.tokens import is_tokens
from keras_recipe.surgery.entrances import seen_by
from keras_recipe.surgery.layers import walk

ROWS = 32  # rows followed into the network
_LOOKUPS = tuple(
    getattr(keras.layers, name)
    for name in (
        *("Embedding", "CategoryEncoding", "IntegerLookup", "StringLookup"),
        *("Hashing", "HashedCrossing", "Discretization"),
    )
)


def names_as_numbers(model: Any, sample: Batch, crossfit: CrossFit) -> Result | None:
    """Return a WARN for a column of names that a layer of weights multiplies as a number.

    Args:
        model: A built model.
        sample: Some training rows.
        crossfit: The same rows with their labels.
    """
    tables = [place for place, leaf in enumerate(leaves(sample.x)) if _is_table(leaf)]
    if not tables or any(isinstance(layer, _LOOKUPS) for _, layer in walk(model)):
        return None
    try:
        answers = crossfit.answers()
    except NotApplicable:
        return None
    seen = seen_by(model, sample.take(slice(0, ROWS)).x)
    for place in tables if seen else []:
        met = seen.entrances[place] if seen else None
        shape = leaves(sample.x)[place].shape[1:]
        if met is None or met.kind == "tokens" or met.values.shape[1:] != shape:
            continue
        name = names(sample.x, "x")[place]
        for answer in answers:
            x = np.asarray(leaves(answer.rows.x)[place], "float64")
            found = nominal(x, answer.y.tame, crossfit.seed)
            if found is not None:
                where = f"{name}[:, {found.column}]"
                return warned(
                    f"{where} holds {found.count} numbers whose order says nothing: each one's "
                    f"own rows explain {found.own:.0%} of unseen labels, other numbers "
                    f"{max(found.order, 0):.0%}; a linear model explains "
                    f"{found.as_number:.0%} with the number, and {found.as_names:.0%} with a "
                    "column for each",
                    measured=found.as_number,
                    expected=found.as_names,
                    unit="share explained",
                    where=where,
                    cause="They are names (of users, products, places), and layers of weights "
                    "read them as amounts.",
                    fix=Fix(
                        text="Give each name an embedding, or a column of its own.",
                        code=f"keras.layers.Embedding({found.count}, 8)  # counted from 0",
                    ),
                )
    return None


def _is_table(leaf: np.ndarray) -> bool:
    return leaf.dtype.kind in "iuf" and leaf.ndim == 2 and not is_tokens(leaf)
