"""The best constant prediction: what a model that ignores its input can reach at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.candidates import Candidate, candidates
from keras_recipe.surgery.heads import OutputHead, find_heads
from keras_recipe.surgery.scoring import Scorer, scorers
from keras_recipe.surgery.targets import Targets, prediction_size

#: Rows and numbers of one evaluation of the loss; the closed forms use all labels.
ROWS, NUMBERS = 1024, 4_000_000
#: Up to so many values are moved one by one; more of them, along a few directions.
_MOVED = 32
#: A step of so many scales must not lower the loss by more than `_TOLERANCE` of it.
_STEP, _TOLERANCE = 0.02, 3e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Constant:
    """The best constant prediction of one output.

    Attributes:
        name: The output's name.
        index: Its place among the flattened outputs.
        values: What the bias should be: values before the activation, shape `(size,)`.
        prediction: What the output then is, shape `(..., units)`.
        loss: The output's own loss of that prediction (its loss weight not applied).
        zero_loss: The same with all values 0 before the activation: the uniform prediction
            of a softmax, 0.5 of a sigmoid, 0 of a linear head.
        form: The closed form used ("log", "logit", "mean", ...), "refined" in front if the
            optimum was searched.
    """

    name: str
    index: int
    values: np.ndarray
    prediction: np.ndarray
    loss: float
    zero_loss: float
    form: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BestConstant:
    """The best constant prediction of a model; losses as `fit` shows them, penalties apart.

    Attributes:
        outputs: One for each output that has a loss.
        loss: Sum of the outputs' losses times their loss weights.
        zero_loss: The same for all values 0 before the activations.
        rows: Labels' rows the losses were computed on.
    """

    outputs: Sequence[Constant]
    loss: float
    zero_loss: float
    rows: int


def best_constant(
    model: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    heads: Sequence[OutputHead] | None = None,
) -> BestConstant:
    """Return the constant prediction with the lowest loss, through the model's own loss.

    Starts from the closed forms; where moving a value still lowers the loss (focal loss,
    label smoothing, Huber, a loss of your own), the optimum is searched without gradients on
    at most 1,024 rows. The model is not touched, nor called. A mask that an `Embedding`
    gives the output is not known here: pass it as `sample_weight`.

    Args:
        model: A built, compiled `keras.Model`.
        y: Labels as for `fit`: an array `(n, ...)`, or a list or dict with one an output.
        sample_weight: As for `fit`; default all 1.
        class_weight: As for `fit`, class number to weight; not with `sample_weight`.
        heads: What `find_heads(model)` returned, if at hand.

    Raises:
        InputError: The model is not compiled with a loss, or the labels do not fit it.
    """
    heads = list(heads or find_heads(model))
    scored = scorers(model, heads, y, sample_weight, class_weight)
    found = [(scorer.weight, _best(scorer)) for scorer in scored]
    return BestConstant(
        outputs=[constant for _, constant in found],
        loss=sum(weight * constant.loss for weight, constant in found),
        zero_loss=sum(weight * constant.zero_loss for weight, constant in found),
        rows=min(_rows(scorer.targets) for scorer in scored),
    )


def _rows(targets: Targets) -> int:
    return max(1, min(len(targets), ROWS, NUMBERS // prediction_size(targets)))


def _best(scorer: Scorer) -> Constant:
    """Return the best constant of one output."""
    every, size, rows = scorer.targets, scorer.size, _rows(scorer.targets)
    chosen = np.sort(np.random.default_rng(0).permutation(len(every))[:rows])
    part = every if rows == len(every) else every.take(chosen)
    loss = scorer.loss_of(part)
    starts = candidates(part, size)
    start = _lowest(loss, starts, scorer.name)
    values, form = start.values, start.name
    if scorer.known and not _settled(loss, start, starts):
        values, form = _search(loss, start, starts), f"refined {form}"
    if part is not every:  # what all labels say beyond the part searched on
        whole = {c.name: c.values for c in candidates(every, size)}
        values = values + whole.get(start.name, start.values) - start.values
    return Constant(
        name=scorer.name,
        index=scorer.index,
        values=values,
        prediction=scorer.prediction(values),
        loss=loss(values),
        zero_loss=loss(np.zeros(size)),
        form=form,
    )


def _lowest(
    loss: Callable[[np.ndarray], float], starts: list[Candidate], name: str
) -> Candidate:
    """Return the start with the lowest loss; of equals, the first."""
    best, lowest = None, np.inf
    for start in starts:
        value = loss(start.values)
        if value < lowest - 1e-6 * abs(value):
            best, lowest = start, value
    if best is None:
        msg = f"The loss of output `{name}` is not finite for any constant prediction."
        raise InputError(msg)
    return best


def _directions(start: Candidate, starts: list[Candidate]) -> np.ndarray:
    """Return the ways the values may be moved, one a row, in units of `scale`."""
    free = np.flatnonzero(start.free)
    if len(free) <= _MOVED:
        return np.eye(len(start.values))[free] * start.scale
    ways = [(other.values - start.values) * start.free for other in starts]
    ways += [start.scale * start.free]
    return np.array([way / (np.abs(way).max() + 1e-12) for way in ways if way.any()])


def _settled(
    loss: Callable[[np.ndarray], float], start: Candidate, starts: list[Candidate]
) -> bool:
    """Say whether no small step from `start` lowers the loss."""
    lowest = loss(start.values)
    enough = lowest - _TOLERANCE * max(abs(lowest), 1e-3)
    return all(
        loss(start.values + sign * _STEP * way) >= enough
        for way in _directions(start, starts)
        for sign in (1, -1)
    )


def _search(
    loss: Callable[[np.ndarray], float], start: Candidate, starts: list[Candidate]
) -> np.ndarray:
    """Return the values with the lowest loss found from `start` by Powell's method."""
    ways = _directions(start, starts)

    def at(steps: np.ndarray) -> float:
        value = loss(start.values + np.atleast_1d(steps) @ ways)
        return value if np.isfinite(value) else 1e30

    found = optimize.minimize(
        at,
        np.zeros(len(ways)),
        method="Powell",
        options={"xtol": 1e-3, "ftol": 1e-6, "maxfev": 1500},
    )
    steps = np.atleast_1d(found.x)
    return start.values + steps @ ways if found.fun < at(np.zeros(len(ways))) else start.values
