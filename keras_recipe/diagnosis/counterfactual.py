"""Change one thing and look again: the single change that mends a failed overfit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, Result, Status
from keras_recipe.data.batch import Batch, mapped
from keras_recipe.experiments.overfit import Outcome, few_examples, overfit
from keras_recipe.surgery.optimizer import other_optimizer, replace_optimizer
from keras_recipe.surgery.toggles import without_regularization

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


def _rescaled(optimizer: Any, factor: float) -> Any:
    """Return a fresh optimizer of the same kind at `factor` times its present rate."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    config = inner.get_config()
    rate = float(keras.ops.convert_to_numpy(inner.learning_rate))
    return type(inner).from_config({**config, "learning_rate": abs(rate) * factor})


def _unclipped(optimizer: Any) -> Any:
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    off = {"clipnorm": None, "clipvalue": None, "global_clipnorm": None}
    return type(inner).from_config({**inner.get_config(), **off})


@contextmanager
def _all_trainable(model: Any) -> Iterator[None]:
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    model.trainable = True
    with other_optimizer(model, type(inner).from_config(inner.get_config())):
        yield


def _standardised(rows: Batch) -> Batch:
    """Return the rows with every floating-point input at mean 0 and deviation 1 per feature."""

    def scaled(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind not in "fu" or array.ndim < 2:
            return array
        values = array.astype("float64")
        axes = tuple(range(values.ndim - 1)) if values.ndim > 2 else (0,)
        spread = values.std(axes, keepdims=True)
        return ((values - values.mean(axes, keepdims=True)) / (spread + 1e-7)).astype("float32")

    return rows.with_x(mapped(scaled, rows.x))


def _swap(make: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        "during": lambda model: other_optimizer(model, make(model.optimizer)),
        "action": lambda model: replace_optimizer(model, make(model.optimizer)),
    }


def changes(model: Any) -> list[Change]:
    """Return the changes worth trying on this model, cheapest first."""
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    found = [
        Change(
            text="use Adam at its default rate of 0.001",
            code="model.compile(keras.optimizers.Adam(1e-3), ...)",
            **_swap(lambda _: keras.optimizers.Adam(1e-3)),
        )
    ]
    has_rate = not isinstance(
        getattr(inner, "_learning_rate", 0.0), keras.optimizers.schedules.LearningRateSchedule
    )
    found += [
        Change(
            text=f"multiply the learning rate by {factor:g}",
            code=f"model.optimizer.learning_rate = {factor:g} * rate",
            **_swap(lambda optimizer, by=factor: _rescaled(optimizer, by)),
        )
        for factor in ((0.1, 10.0) if has_rate else ())
    ]
    found.append(
        Change(
            text="standardise the inputs",
            code="model = keras.Sequential([keras.layers.Normalization(), model])  # adapt it",
            data=_standardised,
        )
    )
    if len(model.trainable_variables) < len([v for v in model.weights if len(v.shape) > 1]):
        found.append(
            Change(
                text="make every layer trainable",
                code="model.trainable = True; model.compile(...)",
                during=_all_trainable,
            )
        )
    if any(getattr(inner, n, None) for n in ("clipnorm", "clipvalue", "global_clipnorm")):
        found.append(
            Change(
                text="switch gradient clipping off",
                code="model.compile(keras.optimizers.Adam(rate), ...)  # no clipnorm",
                **_swap(_unclipped),
            )
        )
    return found


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
    model, rows = (
        subject.need("model"),
        few_examples(subject.need("model"), subject.task, subject.probe, EXAMPLES),
    )
    steps, refused = int(finding.evidence["steps"][-1]), []
    for change in changes(model):
        if time.perf_counter() - began > seconds:
            break
        progress(f"whether this mends it: {change.text}")
        outcome = _tried(model, rows, subject.task, change, steps)
        guard.restore()
        if outcome is not None and outcome.explained >= GOAL:
            mended = _mended(finding, change, outcome)
            return Report(
                [mended if r is finding else r for r in report.results],
                report.facts,
                report.pages,
            )
        refused.append(change.text)
    tried = finding.stamped(
        cause="No single change tried mends it: " + "; ".join(refused) + ".",
    )
    return Report(
        [tried if r is finding else r for r in report.results], report.facts, report.pages
    )


def _mended(finding: Result, change: Change, outcome: Outcome) -> Result:
    return finding.stamped(
        cause=f"This one change mends it: {change.text}.",
        fix=Fix(
            text=f"{change.text[0].upper()}{change.text[1:]}.",
            code=change.code,
            action=change.action,
            tried={
                "before": finding.measured,
                "after": outcome.best,
                "unit": "loss",
                "steps": outcome.steps[-1],
            },
        ),
    )
