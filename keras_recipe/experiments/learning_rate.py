"""The learning-rate range test: the loss while the rate grows from step to step."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, mapped
from keras_recipe.data.sources import Source, open_source
from keras_recipe.experiments.rate_curve import LearningRateCurve, kept
from keras_recipe.experiments.trial import Untrainable
from keras_recipe.loss import tensors
from keras_recipe.surgery.compiled import put_back, remake
from keras_recipe.surgery.optimizer import rate_of
from keras_recipe.surgery.preserve import preserve, random_states
from keras_recipe.surgery.schedule import at_rates, peak_of

DIVERGED = 4.0  # times the lowest smoothed loss: fastai and Lightning stop there


def sweep(
    model: Any,
    batches: Iterator[Batch],
    *,
    lowest: float = 1e-7,
    highest: float = 10.0,
    steps: int = 100,
) -> LearningRateCurve:
    """Train with a rate that grows by a constant factor a step, by the model's own step.

    Args:
        model: A built, compiled model with one optimizer; call it under `preserve`.
        batches: The rows of each step, of equal numbers so that one shape is traced.
        lowest: First rate.
        highest: Last rate.
        steps: Most steps; fewer where the loss leaves.

    Raises:
        NotApplicable: The training step raises or reports no loss; or the optimizer cannot be
            made anew without its schedule.
    """
    in_use = rate_of(model.optimizer)
    with suppress(Exception):  # a schedule of the user's may end before the steps looked at
        in_use = peak_of(model.optimizer)
    keep, average = kept(steps), 0.0
    rates, losses, smoothed = [], [], []
    with _single_steps(model), at_rates(model, lowest) as put:
        for rate in np.geomspace(lowest, highest, steps).tolist():
            put(rate)
            loss = _step(model, next(batches))
            rates.append(rate)
            losses.append(loss)
            if not math.isfinite(loss):
                break
            average = keep * average + (1 - keep) * loss
            smoothed.append(average / (1 - keep ** len(losses)))
            if smoothed[-1] > DIVERGED * min(smoothed) > 0:
                break
    return LearningRateCurve(
        rates=rates, losses=losses, smoothed=smoothed, in_use=in_use, steps=steps
    )


@contextmanager
def _single_steps(model: Any) -> Iterator[None]:
    """Make one step a call, also where several are compiled into one."""
    several = getattr(model, "steps_per_execution", 1)
    if several == 1:
        yield
        return
    with put_back(model):
        try:
            model.steps_per_execution = 1
            remake(model, absent=True, names=("train",))
            yield
        finally:
            model.steps_per_execution = several


def _step(model: Any, batch: Batch) -> float:
    x, y, sample_weight = (_as_in_fit(part) for part in batch.parts())
    try:
        logs = model.train_on_batch(x, y, sample_weight=sample_weight, return_dict=True)
    except Exception as error:  # each backend has its own kinds of error
        msg = f"the model cannot be trained: {said(error)}"
        raise Untrainable(msg) from error
    if "loss" not in logs:
        msg = f"the training step reports no `loss`, but {', '.join(logs) or 'nothing'}"
        raise Untrainable(msg)
    return float(np.mean(logs["loss"]))


def _as_in_fit(part: Any) -> Any:
    """Return tensors, floats in Keras's own precision, as `fit` hands them to the step."""
    floats = keras.config.floatx()
    return tensors(mapped(lambda a: a.astype(floats) if a.dtype.kind == "f" else a, part))


def shuffled(rows: Batch, batch_size: int, seed: int) -> Generator[Batch]:
    """Yield full batches without end; every row comes once before any comes again."""
    random, size = np.random.default_rng(seed), min(batch_size, len(rows))
    order = random.permutation(len(rows))
    while True:
        while len(order) < size:
            order = np.r_[order, random.permutation(len(rows))]
        yield rows.take(order[:size])
        order = order[size:]


def _as_they_come(source: Source) -> Generator[Batch]:
    """Yield a dataset's batches without end, but for those shorter than its first."""
    size = len(source.first)
    while True:
        with closing(source.batches()) as batches:  # type: ignore[type-var]
            yield from (batch for batch in batches if len(batch) == size)


def find_learning_rate(  # noqa: PLR0913  what `fit` takes, and the range
    model: Any,
    x: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    batch_size: int = 32,
    lowest: float = 1e-7,
    highest: float = 10.0,
    steps: int = 100,
    seed: int = 0,
) -> LearningRateCurve:
    """Test a range of learning rates in one short training, which is undone.

    The rate grows by a constant factor from step to step, through the model's own compiled
    step: a `train_step` of yours, penalties, clipping and loss scaling count. A schedule is
    held off meanwhile. Weights, optimizer, metrics and random generators are bit for bit what
    they were afterwards. An unbuilt model is built, as `fit` would do first.

    Args:
        model: A compiled `keras.Model` with one optimizer, best before any training.
        x: What `fit` would be given: arrays `(rows, ...)`, frames, datasets.
        y: Targets; None for datasets, which carry their own.
        sample_weight: Weights of the samples.
        batch_size: Rows a step, 32 as in `fit`; the data's own for datasets. The best rate
            depends on it.
        lowest: First rate.
        highest: Last rate.
        steps: Steps of the test, at least 10; it ends earlier where the loss is 4 times its
            lowest or no number.
        seed: Decides the order of the rows; a dataset has its own.

    Returns:
        The curve, with `steepest`, `largest`, `suggestion` and `in_use`; `plot()` draws it.

    Raises:
        InputError: The model is not compiled, has several optimizers or nothing to train; an
            argument is out of range; or the model does not train on this data.

    Source:
        Smith 2017, "Cyclical learning rates"; Gugger 2018, "How do you find a good learning
        rate"; range and stop as in fastai and Lightning.
    """
    model = getattr(model, "recipe_inner", model)
    _refuse_model(model)
    _refuse_range(lowest, highest)
    for name, value, least in (("steps", steps, 10), ("batch_size", batch_size, 1)):
        _refuse_count(name, value, least)
    _refuse_count("seed", seed, 0)
    with random_states():
        source = open_source(x, y, sample_weight)
    _build(model, source.first)
    whole = source.whole
    arrays = None if whole is None else shuffled(whole, int(batch_size), int(seed))
    with preserve(model), closing(arrays or _as_they_come(source)) as rows:
        try:
            return sweep(model, rows, lowest=lowest, highest=highest, steps=int(steps))
        except NotApplicable as error:
            msg = f"There is no rate to find: {error}."
            raise InputError(msg) from error


def _build(model: Any, few: Batch) -> None:
    """Build the model and its optimizer as the first step of `fit` would."""
    if not model.built or not model.weights:
        try:
            model(_as_in_fit(few.x))
        except Exception as error:  # each layer has its own kinds of error
            msg = f"The model does not take this data: {said(error)}"
            raise InputError(msg) from error
    if not model.trainable_variables:
        msg = "The model has no trainable weights: there is no rate to find."
        raise InputError(msg)
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def _refuse_model(model: Any) -> None:
    if not isinstance(model, keras.Model):
        msg = f"`model` must be a keras.Model. Received: {type(model).__name__}"
        raise InputError(msg)
    if not model.compiled or getattr(model, "optimizer", None) is None:
        msg = "The model has no optimizer; call model.compile(optimizer, loss) first."
        raise InputError(msg)
    if isinstance(model.optimizer, keras.optimizers.MultiOptimizer):
        msg = "The model has several optimizers (MultiOptimizer): test one after the other."
        raise InputError(msg)


def _refuse_range(lowest: Any, highest: Any) -> None:
    numbers = all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in (lowest, highest)
    )
    if not numbers or not 0 < lowest < highest < math.inf:
        msg = (
            "`lowest` and `highest` must be rates above 0, the second the higher one. "
            f"Received: lowest={lowest!r}, highest={highest!r}"
        )
        raise InputError(msg)


def _refuse_count(name: str, value: Any, least: int) -> None:
    is_count = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_count or value < least:
        msg = f"`{name}` must be a whole number of at least {least}. Received: {name}={value!r}"
        raise InputError(msg)
