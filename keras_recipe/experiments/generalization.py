"""The special case first, then the general one with the same result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_recipe.core.result import Result, failed, passed


def check_generalization(
    vectorised: Callable[..., Any],
    reference: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    rtol: float = 1e-5,
    atol: float = 1e-6,
) -> Result:
    """Compare rewritten code with the simple code it replaces.

    Args:
        vectorised: Takes all inputs at once: arrays `(rows, ...)`.
        reference: Takes one row of each input and returns its result.
        inputs: The arrays `(rows, ...)`, one for each argument.
        rtol: Largest relative difference; NumPy's meaning.
        atol: Largest absolute difference; NumPy's meaning.

    Returns:
        PASS, or FAIL with the first row that differs; by `status` and `message`. What the two
        functions raise comes through.

    Example:
        >>> rows = [np.eye(3)]
        >>> check_generalization(lambda x: x.sum(1), lambda x: sum(x), rows).message
        "3 rows give the reference's results"

    Source:
        Karpathy 2019, stage 2, "generalize a special case".
    """
    together = np.asarray(keras.ops.convert_to_numpy(vectorised(*inputs)))
    for row in range(len(inputs[0])):
        alone = np.asarray(keras.ops.convert_to_numpy(reference(*(a[row] for a in inputs))))
        same = together[row].shape == alone.shape
        if same and np.allclose(together[row], alone, rtol=rtol, atol=atol, equal_nan=True):
            continue
        gap = float(np.max(np.abs(together[row] - alone))) if same else None
        text = f"differs by {gap:.3g}" if same else f"has shape {together[row].shape}"
        return failed(
            f"the vectorised code {text} in row {row} where the reference has {alone.shape}",
            measured=gap,
            expected=0.0,
            where=f"row {row}",
            cause="The general case does not do what the special case did.",
        )
    return passed(f"{len(inputs[0])} rows give the reference's results", measured=0.0)
