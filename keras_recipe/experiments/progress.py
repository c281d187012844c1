"""How far a training came: what it took off the loss, and how its kernels moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")


def kernels(trace: Any) -> list[str]:
    """Return the paths of trainable weights that inputs are multiplied with."""
    return [
        path
        for path, shape in trace.shapes.items()
        # few rows of embeddings move a step; a bias of several axes (attention) may cancel
        if len(shape) > 1 and not path.endswith(("embeddings", "bias"))
    ]


def gain(trace: Any, constant: float | None = None) -> float | None:
    """Return the share of the best constant's loss that is gone in the last epochs.

    0 is no better than a constant, below 0 worse. None where the loss can't be compared with
    a constant's: a `train_step` of the user's, a term that a layer adds, a constant whose loss
    is not known or 0.
    """
    constant, losses = constant or trace.constant_loss, trace.series("loss")
    if not constant or trace.penalty is None or trace.program.get("custom_step") or not losses:
        return None
    last = float(np.mean(losses[-min(3, max(1, len(losses) // 3)) :]))  # noise of an epoch
    return (constant - (last - trace.penalty)) / abs(constant)


def moved(trace: Any) -> float | None:
    """Return the largest change of a kernel from beginning to end, relative to its norm."""
    return max((w["moved"] for w in _travelled(trace).values()), default=None)


def grew(trace: Any) -> float | None:
    """Return the kernels' median norm at the end, relative to the beginning."""
    return _median([w["grew"] for w in _travelled(trace).values()])


def straight(trace: Any) -> float | None:
    """Return the kernels' median change relative to the length of the path their steps made.

    About 1 is one direction all the time, a converged net wanders at 0.1 and less.
    """
    went = _travelled(trace)
    paths = {path: _path(trace, path) for path in went}
    return _median([went[path]["moved"] / paths[path] for path in went if paths[path] > 0])


def update_ratio(trace: Any, epoch: int = 0) -> float | None:
    """Return the kernels' median update to weight norm of an epoch."""
    weights = trace.weights[epoch] if -len(trace.weights) <= epoch < len(trace.weights) else {}
    ratios = [weights[path]["update_ratio"] for path in kernels(trace) if path in weights]
    return _median([ratio for ratio in ratios if np.isfinite(ratio)])


def when(trace: Any, epoch: int) -> str:
    """Return an epoch in words, with the steps made by its end where they are known.

    Args:
        trace: A `Trace`.
        epoch: Counted from 0.
    """
    steps = trace.steps[: epoch + 1]
    known = len(steps) == epoch + 1 and None not in steps
    return f"epoch {epoch + 1}" + (f" (step {sum(steps)})" if known else "")


def fastest(trace: Any, epoch: int = 0) -> str:
    """Return the path of the kernel with an epoch's largest update ratio; "" if unknown."""
    weights = trace.weights[epoch] if -len(trace.weights) <= epoch < len(trace.weights) else {}
    ratios = {path: weights[path]["update_ratio"] for path in kernels(trace) if path in weights}
    sound = {path: ratio for path, ratio in ratios.items() if np.isfinite(ratio)}
    return max(sound, key=lambda path: sound[path], default="")


def rates(trace: Any) -> np.ndarray:
    """Return the learning rate at evenly spaced moments of the fit, as far as it is known."""
    epochs = [rate for rate in trace.learning_rate if rate is not None]
    made = len(trace.epochs) / max(trace.plan.get("epochs", 1), 1)
    planned = list(trace.plan.get("rates", ()))
    planned = planned[: max(1, round(made * len(planned)))]
    first = trace.optimizer.get("learning_rate")
    return np.array(planned or [*([] if first is None else [first]), *epochs], "float64")


def alive(values: Sequence[float] | np.ndarray, share: float = 0.02) -> float:
    """Return the share of the time before the rate stays under `share` of its peak for good."""
    values = np.asarray(values, "float64")
    if not len(values) or not values.max() > 0:
        return 1.0
    return float((np.flatnonzero(values >= share * values.max())[-1] + 1) / len(values))


def faded(trace: Any, share: float = 0.1) -> float | None:
    """Return the highest rate of the fit if the last one is under `share` of it, else None."""
    values = rates(trace)
    if len(values) < 2 or not values.max() > 0 or values[-1] >= share * values.max():
        return None
    return float(values.max())


def clipping(trace: Any) -> dict[str, float]:
    """Return by the name of each clip how many times its limit the gradients are.

    The least of the epochs' medians; only those above 1. A clip by value is compared with the
    root mean square of a gradient's elements.
    """
    found = {}
    for name in CLIPS:
        limit = trace.optimizer.get(name)
        sizes = [_clipped_size(trace, weights, name) for weights in trace.weights if weights]
        if limit and sizes and min(sizes) > limit:
            found[name] = min(sizes) / limit
    return found


def regularized(trace: Any) -> bool:
    """Whether dropout, a weight penalty or a decay is there that could hold learning back."""
    program, optimizer = trace.program, trace.optimizer
    decayed = optimizer.get("weight_decay", 0) >= 0.01
    return bool(program.get("dropout", 0) >= 0.3 or trace.penalty_before or decayed)


def _clipped_size(trace: Any, weights: Any, name: str) -> float:
    norms = {path: n["gradient_norm"] or 0.0 for path, n in weights.items()}
    if name == "global_clipnorm":
        return float(np.sqrt(np.sum(np.square(list(norms.values())))))
    if name == "clipvalue":
        sizes = [n / np.sqrt(np.prod(trace.shapes.get(p) or [1])) for p, n in norms.items()]
        return float(np.median(sizes))
    return float(np.median([norms[path] for path in kernels(trace) if path in norms] or [0.0]))


def _travelled(trace: Any) -> dict[str, dict[str, float]]:
    return {path: trace.travel[path] for path in kernels(trace) if path in trace.travel}


def _path(trace: Any, path: str) -> float:
    """Return the length of a weight's path, relative to its norm: steps times median ratio."""
    found = [
        steps * weights[path]["update_ratio"]
        for steps, weights in zip(trace.steps, trace.weights, strict=False)
        if steps and path in weights
    ]
    return float(np.nansum(found))


def _median(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None
