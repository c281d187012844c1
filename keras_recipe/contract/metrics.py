"""What the compiled metrics say of predictions whose worth is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.contract.references import CLASSIFIED, References, references
from keras_recipe.contract.scored import ScoredHead
from keras_recipe.loss import tensors

#: What a word in a metric's name, or the end of its class name, says of it.
_KINDS = {
    "accuracy": ("acc", "accuracy"),
    "score": ("auc", "precision", "recall", "f1score", "fbetascore", "iou", "r2score"),
    "error": ("error", "mse", "mae", "mape", "msle", "rmse", "crossentropy", "hinge"),
}
_RANKED = ("topk", "top_k", "top5", "top_5", "top3", "top_3")  # ties decide: not judged
JITTER = 0.01  # standard deviations: what no good model of amounts gets below


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one metric says of one output.

    Attributes:
        name: Its key in the logs.
        kind: `"accuracy"`, `"score"` (likewise, more is better), `"error"`, else `"own"`.
        right: Its value for predictions that could hardly be better.
        wrong: For the opposite of them.
        constants: For predictions that are the same for every row.
        faint: For right answers that are barely on the right side; None if that means nothing.
    """

    name: str
    kind: str
    right: float
    wrong: float
    constants: list[float]
    faint: float | None


def metric_values(scored: ScoredHead, prediction: np.ndarray | None) -> dict[str, float]:
    """Return every compiled metric by its key in the logs, with this head's prediction so.

    Moves metric states: call it under `preserve`. A metric of several numbers counts by its
    mean.

    Args:
        scored: The head on some rows.
        prediction: What it says; None for what it does say.
    """
    flat = list(keras.tree.flatten(scored.outputs))
    if prediction is not None:
        flat[scored.head.index] = np.asarray(prediction, "float32")
    outputs = keras.tree.pack_sequence_as(scored.outputs, flat)
    x, y, weights = (tensors(part) for part in scored.batch.parts())
    scored.model.reset_metrics()
    found = scored.model.compute_metrics(x, y, tensors(outputs), sample_weight=weights)
    if not isinstance(found, Mapping):
        return {}
    return {
        str(name): float(np.mean(keras.ops.convert_to_numpy(value)))
        for name, value in found.items()
        if str(name) != "loss" and not str(name).endswith("_loss")
    }


def _classes(model: Any) -> dict[str, str]:
    """Return the class name of each metric by its own name."""
    known = {}
    for metric in model.metrics:
        for one in getattr(metric, "metrics", None) or [metric]:
            known[str(one.name)] = type(one).__name__.lower()
    return known


def _kind(name: str, classes: Mapping[str, str]) -> str:
    own = [made for key, made in classes.items() if name == key or name.endswith(f"_{key}")]
    if any(word in said for word in _RANKED for said in (name.lower(), *own)):
        return "own"
    words = re.split(r"[^a-z0-9]+", name.lower())
    for kind, known in _KINDS.items():
        if any(word in known for word in words) or any(made.endswith(known) for made in own):
            return kind
    return "own"


def _constants(scored: ScoredHead, form: References) -> list[np.ndarray]:
    """Return the even answer and, for a classifier, the most frequent class for every row."""
    made = [form.constant]
    if scored.head.kind in CLASSIFIED:
        rows = form.perfect.reshape(-1, form.perfect.shape[-1])
        often = rows.mean(0)
        if scored.head.kind == "multiclass" and scored.head.units > 1:
            often = np.where(often == often.max(), rows.max(), rows.min())
        else:
            often = np.where(often > form.constant.mean(), rows.max(), rows.min())
        made.append(np.broadcast_to(often, form.perfect.shape))
    return made


def _faint(form: References) -> np.ndarray | None:
    """Return right answers near the border, for scores before a sigmoid."""
    if form.form != "logits" or form.perfect.shape[-1] > 1:
        return None
    return np.where(form.perfect > form.constant, 0.25, -0.25)


def readings(scored: ScoredHead) -> list[list[Reading]]:
    """Return what each metric says, a list for every form the head may speak.

    Empty where no perfect answer is known, or there is but one answer on these rows.
    """
    classes, found = _classes(scored.model), []
    forms = references(scored)
    if scored.head.loss.from_logits:
        forms = [form for form in forms if form.form != "amounts"]
    for form in forms:
        if np.ptp(form.perfect) == 0 or (form.perfect == form.perfect[:1]).all():
            return []
        perfect = form.perfect
        if scored.head.kind not in CLASSIFIED:
            noise = np.random.default_rng(0).standard_normal(perfect.shape)
            perfect = perfect + JITTER * perfect.std() * noise
        right, wrong = (metric_values(scored, p) for p in (perfect, form.wrong))
        constants = [metric_values(scored, p) for p in _constants(scored, form)]
        faint = _faint(form)
        barely = {} if faint is None else metric_values(scored, faint)
        alone = len(keras.tree.flatten(scored.outputs)) == 1
        ours = [  # of several outputs, a metric that never moves is known by its prefix alone
            name
            for name in right
            if alone
            or name.startswith(f"{scored.head.name}_")
            or len({right[name], wrong[name], *(c[name] for c in constants)}) > 1
        ]
        found.append(
            [
                Reading(
                    name=name,
                    kind=_kind(name, classes),
                    right=right[name],
                    wrong=wrong[name],
                    constants=[c[name] for c in constants],
                    faint=barely.get(name),
                )
                for name in ours
            ]
        )
    return found
