"""Change one thing and look again: the single change that mends a failed overfit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, Result, Status
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.experiments.examples import few_examples, filled
from keras_recipe.experiments.overfit import Outcome, overfit
from keras_recipe.surgery.frozen import everything_trainable, frozen, train_everything
from keras_recipe.surgery.optimizer import (
    innermost,
    other_optimizer,
    rate_of,
    replace_optimizer,
    restarted,
    schedule_of,
)
from keras_recipe.surgery.rectify import bounded, rectified, rectify
from keras_recipe.surgery.toggles import without_regularization
from keras_recipe.task import Task

EXAMPLES = 8
GOAL = 0.9
SECONDS = 10.0  # one change gets no more than this


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that an expert would change.

    Attributes:
        text: What it is, in words.
        code: One line of Keras code.
        during: Makes the change on the model for as long as the context lasts.
        data: Makes the change on the rows.
        action: Makes it for good; None where it is in the user's pipeline.
    """

    text: str
    code: str
    during: Callable[[Any], Any] = lambda _: nullcontext()
    data: Callable[[Batch], Batch] = lambda rows: rows
    action: Callable[[Any], Any] | None = None


def _standardised(array: np.ndarray) -> np.ndarray:
    """Return an array at mean 0 and deviation 1 per feature (last axis)."""
    if array.dtype.kind not in "fu":
        return array
    values = array.astype("float64")
    axes = tuple(range(values.ndim - 1)) or (0,)
    spread = values.std(axes, keepdims=True)
    return ((values - values.mean(axes, keepdims=True)) / (spread + 1e-7)).astype("float32")


def _is_far_from_unit(structure: Any) -> bool:
    """Whether some array's values are not of the order of 1."""
    sizes = [
        float(np.sqrt(np.mean(np.square(np.asarray(leaf, "float64")))))
        for leaf in leaves(structure)
        if np.asarray(leaf).dtype.kind in "fu"
    ]
    return any(not 0.1 <= size <= 10 for size in sizes)


def _swap(make: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        "during": lambda model: other_optimizer(model, make(model.optimizer)),
        "action": lambda model: replace_optimizer(model, make(model.optimizer)),
    }


def _in_the_data(rows: Batch, task: Task) -> Iterator[Change]:
    if _is_far_from_unit(rows.x):
        yield Change(
            text="standardise the inputs",
            code="normalise = keras.layers.Normalization(); normalise.adapt(x)  # first layer",
            data=lambda some: some.with_x(mapped(_standardised, some.x)),
        )
    if all(head.kind == "regression" for head in task.heads) and _is_far_from_unit(rows.y):
        yield Change(
            text="standardise the targets",
            code="y = (y - y.mean(0)) / y.std(0)",
            data=lambda some: Batch(some.x, mapped(_standardised, some.y), some.sample_weight),
        )


def _in_the_model(model: Any, task: Task) -> Iterator[Change]:
    if frozen(model):
        yield Change(
            text="make every layer trainable",
            code="model.trainable = True; model.compile(...)",
            during=everything_trainable,
            action=train_everything,
        )
    layers = bounded(model, [head.output.layer for head in task.heads])
    if layers:
        yield Change(
            text="use ReLU with He initialisation in place of hidden sigmoids and tanhs",
            code='keras.layers.Dense(units, "relu", kernel_initializer="he_normal")',
            during=lambda model: rectified(model, layers),
            action=lambda model: rectify(model, layers),
        )


def _in_the_optimizer(model: Any) -> Iterator[Change]:
    inner = innermost(model.optimizer)
    clips = {
        name: None
        for name in ("clipnorm", "clipvalue", "global_clipnorm")
        if getattr(inner, name, None) is not None
    }
    if clips:
        yield Change(
            text="switch gradient clipping off",
            code="model.compile(keras.optimizers.Adam(rate), ...)  # no clipnorm",
            **_swap(lambda optimizer: restarted(optimizer, **clips)),
        )
    if schedule_of(inner) is None:
        rate = abs(rate_of(inner))
        for factor in (0.1, 10.0):
            yield Change(
                text=f"multiply the learning rate by {factor:g}, to {rate * factor:.3g}",
                code=f"model.optimizer.learning_rate = {rate * factor:.3g}",
                **_swap(partial(restarted, learning_rate=rate * factor)),
            )
    yield Change(
        text="use Adam at its default rate of 0.001",
        code="model.compile(keras.optimizers.Adam(1e-3), ...)",
        **_swap(lambda _: keras.optimizers.Adam(1e-3)),
    )


def changes(model: Any, rows: Batch, task: Task) -> list[Change]:
    """Return the changes worth trying on this program, the most particular first.

    Args:
        model: A compiled model.
        rows: The few examples that could not be fitted.
        task: What is learned.
    """
    return [
        *_in_the_data(rows, task),
        *_in_the_model(model, task),
        *_in_the_optimizer(model),
    ]


def _tried(model: Any, rows: Batch, task: Any, change: Change, steps: int) -> Outcome | None:
    """Return what one change does to the overfit, or None where it cannot be tried."""
    try:
        with without_regularization(model), change.during(model):
            return overfit(
                model, change.data(rows), task, steps=steps, seconds=SECONDS, goal=GOAL
            )
    except NotApplicable:
        return None


def explain(
    report: Report,
    subject: Any,
    guard: Any,
    *,
    progress: Callable[[str], None] = lambda _: None,
    seconds: float = float("inf"),
) -> Report:
    """Return the report with the single change that mends a failed KR209, if one does.

    Args:
        report: What the checks said.
        subject: The examined program.
        guard: Puts the model back after each change.
        progress: Called with what is being tried.
        seconds: Time for all changes together.
    """
    failed = [r for r in report.results if r.code == "KR209" and r.status is Status.FAIL]
    if not failed:
        return report
    finding, began = failed[0], time.perf_counter()
    model, probe = subject.need("model"), subject.probe
    few = filled(few_examples(model, subject.task, probe, EXAMPLES), len(probe))
    steps, tried = int(finding.evidence["steps"][-1]), []
    explained = finding
    for change in changes(model, few, subject.task):
        if time.perf_counter() - began > seconds:
            break
        progress(f"whether this mends it: {change.text}")
        outcome = _tried(model, few, subject.task, change, steps)
        guard.restore()
        if outcome is None:
            continue
        tried.append(
            {"change": change.text, "loss": outcome.best, "explained": float(outcome.explained)}
        )
        if outcome.explained >= GOAL:
            explained = _mended(finding, change, outcome)
            break
    else:
        said = "; ".join(str(one["change"]) for one in tried)
        explained = finding.stamped(cause=f"No single change tried mends it: {said}.")
    explained = explained.stamped(evidence={**finding.evidence, "tried": tried})
    results = [explained if r is finding else r for r in report.results]
    return Report(results, report.facts, report.pages)


def _mended(finding: Result, change: Change, outcome: Outcome) -> Result:
    before = {"before": finding.measured, "after": outcome.best, "unit": "loss"}
    return finding.stamped(
        cause=f"This one change mends it: {change.text}.",
        fix=Fix(
            text=f"{change.text[0].upper()}{change.text[1:]}.",
            code=change.code,
            action=change.action,
            tried={**before, "steps": outcome.steps[-1]},
        ),
    )
