"""What is shown of an overfit: label beside prediction, and the loss on its way down."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.overfit import Outcome
from keras_recipe.loss import predict
from keras_recipe.task import Head, Task

LARGEST = 20_000  # numbers of one example that are still worth drawing
_KINDS = {2: "row", 3: "series", 4: "image"}


def _numbers(value: Any) -> str:
    flat = np.asarray(value, "float64").ravel()
    text = " ".join(f"{v:.3g}" for v in flat[:10])
    return f"{text} …" if flat.size > 10 else text


def _class(head: Head, value: np.ndarray, *, label: bool) -> int:
    """Return the class number that a label or a prediction names."""
    if np.size(value) > 1:
        return int(np.argmax(value))
    border = 0.0 if head.loss.from_logits or head.activation in ("tanh", "linear") else 0.5
    number = float(np.ravel(value)[0])
    return round(number) if label else int(number > border)


def _said(head: Head, y: np.ndarray, outputs: np.ndarray) -> dict[str, Any]:
    """Return labels and predictions as text, and which are wrong among exclusive classes."""
    if head.kind not in ("binary", "multiclass") or head.structure != "sample":
        return {
            "labels": [_numbers(v) for v in y],
            "predictions": [_numbers(v) for v in outputs],
        }
    right = [_class(head, v, label=True) for v in y]
    signs = min(right) < 0  # hinge losses: -1 and 1
    made = [_class(head, v, label=False) for v in outputs]
    made = [2 * c - 1 for c in made] if signs and head.units == 1 else made
    return {
        "labels": [str(c) for c in right],
        "predictions": [str(c) for c in made],
        "wrong": [a != b for a, b in zip(right, made, strict=True)],
    }


def pictures(
    model: Any, few: Batch, rows: Batch, task: Task, outcome: Outcome
) -> list[dict[str, Any]]:
    """Return the pictures of an overfit, as plain data for the report.

    Args:
        model: The model after training.
        few: The examples.
        rows: The same over and over, as they were trained on.
        task: What is learned.
        outcome: What the training reached.
    """
    count = len(outcome.losses)
    curve = {
        "kind": "curves",
        "title": "Loss of the few examples",
        "x": [int(step) for step in outcome.steps],
        "series": {
            "loss": [float(v) for v in outcome.losses],
            "best constant": [float(outcome.constant)] * count,
            "lowest reachable": [float(outcome.floor)] * count,
        },
        "xlabel": "step",
        "ylabel": "loss",
    }
    x, y = leaves(few.x), leaves(few.y)
    drawable = len(x) == len(y) == len(task.heads) == 1 and x[0].dtype.kind in "biuf"
    if not drawable or x[0][0].size > LARGEST or x[0].ndim not in _KINDS:
        return [curve]
    tokens = x[0].ndim == 2 and x[0].dtype.kind in "iu"
    outputs = np.asarray(leaves(predict(model, rows.x))[0])[: len(few)]
    values = np.asarray(x[0]).astype("int64" if tokens else "float64")
    examples = {
        "kind": "examples",
        "title": "Label and prediction after training on these examples alone",
        "inputs": values.tolist(),
        "inputs_kind": "tokens" if tokens else _KINDS[x[0].ndim],
        **_said(task.heads[0], np.asarray(y[0]), outputs),
    }
    return [examples, curve]
