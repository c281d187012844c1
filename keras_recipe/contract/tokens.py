"""Rules about token numbers and the embedding that reads them; each gives a finding or None."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.core.result import Fix, Result, failed
from keras_recipe.data.padding import Padding
from keras_recipe.surgery.entrances import Entrance
from keras_recipe.surgery.layers import walk


def out_of_range(model: Any, name: str, met: Entrance) -> Result | None:
    """Each token must have a row of the embedding.

    Args:
        model: A built model.
        name: How messages call the input.
        met: Where it enters, and the tokens.
    """
    layer = dict(walk(model)).get(met.path)
    size = getattr(layer, "input_dim", None)
    if not isinstance(layer, keras.layers.Embedding) or size is None:
        return None
    ids = met.values
    bad = (ids < 0) | (ids >= size)
    if not bad.any():
        return None
    return failed(
        f"{name} holds the tokens {ids.min():g} to {ids.max():g}, but {met.path} knows 0 to "
        f"{size - 1}: {bad.mean():.1%} of them are outside",
        measured=float(ids.max()),
        expected=float(size - 1),
        unit="token number",
        where=met.path,
        cause="A backend reads another row, zeros or NaN for them, or stops.",
        fix=Fix(
            text="Let input_dim be the largest token number plus one.",
            code=f"keras.layers.Embedding(input_dim={int(ids.max()) + 1}, ...)",
        ),
    )


def one_word(
    model: Any, name: str, leaf: np.ndarray, met: Entrance, filled: Padding | None
) -> Result | None:
    """Rows of one and the same token, padding apart, tell nothing but how long they are.

    Args:
        model: A built model.
        name: How messages call the input.
        leaf: The tokens `(rows, steps)`.
        met: Where they enter.
        filled: How the rows are filled up; None if they are not.
    """
    known = getattr(dict(walk(model)).get(met.path), "input_dim", None)
    real = leaf[filled.real] if filled else leaf.ravel()
    tokens = np.unique(leaf)
    if known is None or known <= 2 or not real.size or np.ptp(real) > 0 or len(tokens) > 2:
        return None
    which = " and ".join(f"{token:g}" for token in tokens)
    return failed(
        f"{name} holds nothing but {which}, one of them filling up the rows: these differ in "
        f"their length at most, and {met.path} knows {known} tokens",
        measured=1.0,
        expected=1 / known,
        unit="share of the most frequent token",
        where=name,
        cause="Every word is unknown (a vocabulary of another text, another spelling or none), "
        "or the numbers were cut down.",
        fix=Fix(
            text="Look at rows right before fit, and make the vocabulary from these texts.",
            code="vectorize.adapt(texts)",
        ),
    )
