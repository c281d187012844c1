"""`check`: the stages before training, on the user's own model, which is put back as it was."""

from __future__ import annotations

import inspect
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from keras_recipe import checks
from keras_recipe.building import build
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.memory import give_back
from keras_recipe.core.remembered import remembering
from keras_recipe.core.report import Report
from keras_recipe.core.result import Cost, Status
from keras_recipe.core.runner import run
from keras_recipe.core.seconds import refuse_unless_seconds
from keras_recipe.core.settings import Settings, unknown
from keras_recipe.data.batch import Batch
from keras_recipe.data.human import FOLDER, find
from keras_recipe.data.paths import opened
from keras_recipe.diagnosis.counterfactual import explain
from keras_recipe.experiments.duel import losing
from keras_recipe.experiments.gains import has_stalled
from keras_recipe.experiments.onward import onward
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.refusals import refuse_untrainable, refuse_unusable, refusing
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import preserve, random_states, unbuild, unbuilt_parts

AFTER_TRAINING = ("KR206", "KR207", "KR210", "KR216", "KR217")
_READ = ("validation_batch_size", "validation_steps", "callbacks")
_OWN = ("test_data", "task", "groups", "budget", "select", "ignore", "seed")


@contextmanager
def _once() -> Iterator[None]:
    """Keep what Keras warns of in the user's own `fit` from coming again with every trial."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"keras\.")
        yield


@contextmanager
def _progress(verbose: Any) -> Iterator[Any]:
    """Yield a function that shows which check is running; silent where nobody looks."""
    shown = sys.stderr.isatty() if verbose == "auto" else bool(verbose)
    if not shown:
        yield lambda _: None
        return
    with Console(stderr=True).status("reading the data") as status:
        yield lambda name: status.update(f"checking {name}")


def _tidied(progress: Callable[[str], None]) -> Callable[[str], None]:
    """Return `progress` with the memory given back that the check before has freed."""

    def tidied(name: str) -> None:
        give_back()
        progress(name)

    return tidied


def _held_out(subject: Subject) -> dict[str, Batch]:
    """Return the rows of the other splits by the argument that gave them."""
    found = {}
    for split in ("validation", "test"):
        with suppress(NotApplicable):
            found[f"{split}_data"] = subject.need(split)
    return found


def check(  # noqa: PLR0913  what `fit` takes
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    validation_data: Any = None,
    test_data: Any = None,
    validation_split: float = 0.0,
    sample_weight: Any = None,
    class_weight: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    shuffle: bool = True,
    task: Any = None,
    groups: Any = None,
    budget: Any = 60.0,
    select: Sequence[str] | str | None = None,
    ignore: Sequence[str] | str | None = None,
    seed: int = 0,
    verbose: Any = "auto",
    **fit_settings: Any,
) -> Report:
    """Examine a compiled model and its data before training; nothing is changed by it.

    Weights, optimizer, metrics, random generators and data are bit for bit what they were
    afterwards. An unbuilt model is built, as `fit` would do first. Codes, thresholds and
    accepted findings are also set under `[tool.keras_recipe]` in the `pyproject.toml` of the
    current folder; `select` and `ignore` stand above it.

    Args:
        model: A compiled `keras.Model`, or a `RecipeModel`.
        x: What `fit` would be given: arrays `(rows, ...)`, frames, datasets, but no bare
            generator; or a folder of class folders, which is read in the size of the model's
            inputs as `keras.utils.image_dataset_from_directory` would; or a CSV or Parquet
            file.
        y: Targets, as many rows as `x`; None for datasets, which carry their own; for a table
            the name of their column.
        validation_data: `(x, y)`, `(x, y, sample_weight)`, a dataset, or a path like `x`.
        test_data: Likewise; compared with the training rows, never learned from.
        validation_split: Share of the rows used for validation, from the end, 0 to 1; not
            where `validation_data` is given.
        sample_weight: Weights of the samples.
        class_weight: Weight by class number.
        batch_size: Rows a step; 32 when None, as in Keras.
        epochs: Number of epochs planned.
        shuffle: Whether the rows are shuffled each epoch.
        task: The kind of task: `"binary"`, `"multiclass"`, `"multilabel"`, `"regression"` or
            `"counts"`, or a dict of them by output name; inferred when None.
        groups: Group of each row of `x` (patient, speaker, site), or a dict of them by split
            (`training`, `validation`, `test`): no group may be in two splits.
        budget: Seconds after which no further check is started; those left out say so.
        select: Prefixes of codes to run, e.g. `["KR2"]`; all when None.
        ignore: Prefixes of codes to leave out.
        seed: Seed of every random choice of the checks.
        verbose: `"auto"` shows progress in a terminal, 0 never, 1 always.
        **fit_settings: Further arguments of `fit`; `validation_steps`,
            `validation_batch_size` and those `callbacks` that set the learning rate or watch
            the logs are read, the others are not.

    Returns:
        The report: a row for every check that needs no training of yours, also for those that
        have nothing to examine (SKIP).

    Raises:
        InputError: Data, model or settings cannot be used; one sentence says why.
        ConfigError: A code, a threshold or an argument is unknown.

    Example:
        >>> # report = check(model, x, y, validation_data=(x_val, y_val), epochs=20)
        >>> # print(report); report.problems; report["KR204"].message
    """
    began = time.perf_counter()
    known = inspect.signature(keras.Model.fit).parameters
    for name in fit_settings:
        if name not in known:
            raise unknown(name, [*known, *_OWN], "argument of check")
    refuse_unless_seconds(budget)
    checks.load()
    settings = Settings.from_pyproject(Path("pyproject.toml"), select=select, ignore=ignore)
    refuse_unusable(model)
    model = getattr(model, "recipe_inner", model)
    with random_states():
        x, y, held = opened(model, x, y, validation_data=validation_data, test_data=test_data)
        subject = Subject(
            model,
            x,
            y,
            **held,
            validation_split=validation_split,
            sample_weight=sample_weight,
            class_weight=class_weight,
            batch_size=batch_size,
            epochs=epochs,
            shuffle=shuffle,
            task=task,
            groups=groups,
            seed=seed,
            **{name: fit_settings.get(name) for name in _READ},
        )
        subject.read()
    subject.human = find(Path(settings.human or FOLDER), subject.samples())
    unbuilt = unbuilt_parts(model)
    try:
        report = _examined(model, subject, settings, verbose, budget, began)
    finally:
        unbuild(model, unbuilt)
        give_back()
    report.facts["seconds"] = round(time.perf_counter() - began, 2)
    report.subject = subject.released()
    return report


@_once()
def _examined(
    model: Any, subject: Subject, settings: Settings, verbose: Any, budget: float, began: float
) -> Report:
    """Run the chosen checks on the built model and look for the change that mends a FAIL."""
    build(model, subject.probe)
    wanted = [c for c in settings.chosen() if c.cost not in (Cost.LIVE, Cost.EXPERIMENT)]
    with _progress(verbose) as progress, remembering(), preserve(model) as guard:
        with refusing(model, subject.probe):
            _ = subject.predictions
        refuse_untrainable(model, subject.probe, _held_out(subject))
        if subject.refuses_gaps:  # nothing else can be said of such data
            wanted = [c for c in wanted if c.code == "KR101"]
        facts = subject.facts
        guard.restore()
        report = run(
            wanted,
            subject,
            settings=settings,
            guard=guard,
            progress=_tidied(progress),
            budget=budget - (time.perf_counter() - began),
            facts=facts,
        )
        left = budget - (time.perf_counter() - began)
        return explain(
            report, subject, guard, progress=progress, tune=settings.tune, seconds=left
        )


@_once()
def train_onward(subject: Subject, trace: Any) -> dict[str, Any]:
    """Return what training on would bring to a model whose fit `trace` recorded.

    Args:
        subject: What `check` examined (`report.subject`), its model trained since.
        trace: The record of that training.
    """
    model, sample = subject.need("model"), subject.sample
    last = trace.series("loss")[-1:]
    if sample.y is None or has_own_step(model) or not np.isfinite(last).all():
        return {}
    rows, seed, task = subject.settings().batch_size, subject.need("seed"), subject.task
    found: dict[str, Any] = {}
    with suppress(Exception):  # the training is done: the user's own parts must not undo it
        found = onward(model, trace, sample, task, batch_size=rows, seed=seed)
        if has_stalled(found):
            with preserve(model):
                found["behind"] = losing(model, task, subject.need("samples"))
    return found


@_once()
def look_again(subject: Subject) -> Report:
    """Return the checks that a trained model can fail where the fresh one could not.

    Those that are skipped now are left out: they take back nothing that was found before.

    Args:
        subject: What `check` examined (`report.subject`), its model trained since.
    """
    settings = Settings.from_pyproject(Path("pyproject.toml"), select=AFTER_TRAINING)
    subject.trained = True
    with preserve(subject.need("model")) as guard:
        found = run(settings.chosen(), subject, settings=settings, guard=guard)
    rows = [row for row in found.results if row.status is not Status.SKIP]
    return Report(rows, found.facts, found.pages)


def assert_recipe(model: Any, x: Any, y: Any = None, **settings: Any) -> Report:
    """Check and raise when a FAIL stands: the one line for a test suite.

    Args:
        model: A compiled `keras.Model`.
        x: Inputs as for `check`.
        y: Targets likewise.
        **settings: Further arguments of `check`.

    Returns:
        The report, when no FAIL stands; WARNs may.

    Raises:
        RecipeFailed: Naming each FAIL.
        InputError: As `check` raises it, and so is ConfigError.

    Example:
        >>> def test_program():
        ...     assert_recipe(build(), x, y, validation_data=(x_val, y_val))
    """
    report = check(model, x, y, **settings)
    report.raise_if_failed()
    return report
