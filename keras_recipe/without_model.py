"""What can be said of data before there is a model: the checks of stage 1 and a survey."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_recipe import checks
from keras_recipe.core.check import Check
from keras_recipe.core.memory import give_back
from keras_recipe.core.remembered import remembering
from keras_recipe.core.report import Report
from keras_recipe.core.result import Cost, Result, Status
from keras_recipe.core.runner import run
from keras_recipe.core.seconds import refuse_unless_seconds
from keras_recipe.core.settings import Settings
from keras_recipe.data.filled import filled
from keras_recipe.data.human import FOLDER, find
from keras_recipe.data.labels import Labels
from keras_recipe.data.paths import opened
from keras_recipe.data.sources import Source
from keras_recipe.data.splits import held_out
from keras_recipe.data.survey import Survey, survey
from keras_recipe.data.survey_table import table
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import random_states
from keras_recipe.task import MOST_CLASSES, Task, infer_task

STAGE = "KR1"
#: What these find lies in the rows alone; a model could only excuse it.
OF_THE_ROWS = ("KR101", "KR102", "KR111")
_NO_MODEL = "depends on the model: `keras-recipe check module:factory` examines both"


def _stand_in(labels: Sequence[Labels], classes: int) -> Any:
    """Return a compiled model whose head and loss are those such labels ask for.

    It never sees the data: it is there to say what kind of task the labels are.

    Args:
        labels: Facts of the targets.
        classes: Number of named classes (folders, words); 0 where the labels are numbers.
    """
    units, activation, loss = 1, None, "mse"
    if len(labels) == 1 and labels[0].units == 1 and labels[0].integers:
        values = sorted(labels[0].values or ())
        if not classes and 0 < len(values) <= MOST_CLASSES and values[0] >= 0:
            classes = int(values[-1]) + 1
        if classes:
            units, activation, loss = classes, "softmax", "sparse_categorical_crossentropy"
        if classes in (1, 2):
            units, activation, loss = 1, "sigmoid", "binary_crossentropy"
    head = keras.layers.Dense(units, activation=activation, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), head])
    model.compile("sgd", loss)
    return model


class DataSubject(Subject):
    """Data alone: what a check asks of a model is answered from the labels, or not at all.

    Args:
        source: The training rows.
        **settings: As for `Subject`.
    """

    def __init__(self, source: Any, y: Any = None, **settings: Any) -> None:
        super().__init__(None, source, y, **settings)
        files = self.source.files
        self._model = _stand_in(self.statistics().y, len(files.classes) if files else 0)

    @cached_property
    def predictions(self) -> np.ndarray:
        """Nothing was predicted: zeros in the shape of the head."""
        shape = len(self.sample), *self._model.output_shape[1:]
        return np.broadcast_to(np.float32(0), shape)  # a million classes take no memory

    def embedding(self) -> np.ndarray:
        """No model has seen the rows."""
        return np.empty((0, 0), "float32")

    @cached_property
    def task(self) -> Task:
        """What the labels look like."""
        return infer_task(self._model, self.statistics().y, self.predictions, self._task)


class DataReport(Report):
    """A report with what the survey counted.

    Attributes:
        survey: `Survey.to_dict()`, with the names of a table's columns.
    """

    survey: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data with a `schema_version`."""
        return {**super().to_dict(), "survey": self.survey}

    def page(self) -> Any:
        """Return the survey as rich prints it."""
        return table(self.survey)


def _names(source: Source) -> dict[str, str]:
    """Return the names of a table's columns by what messages call them."""
    files = source.files
    if files is None:
        return {}
    used = [c.name for c in files.columns if c.name != files.target and c.kind != "left out"]
    found = {f"x[:, {place}]": name for place, name in enumerate(used)}
    return {**found, "x": used[0]} if len(used) == 1 else found


def _named(found: dict[str, Any], source: Source) -> dict[str, Any]:
    """Put the names of columns and classes in the place of numbers."""
    names, files = _names(source), source.files
    for row in found["features"]:
        row["name"] = names.get(row["name"], row["name"])
    counts = found["labels"].get("y")
    if counts and files and files.classes:
        classes = {str(number): name for number, name in enumerate(files.classes)}
        found["labels"]["y"] = {classes.get(k, k): count for k, count in counts.items()}
    stopped = files.notes.of("stopped") if files and files.notes else ()
    found["broken"] = found["broken"] or next(iter(stopped), "")
    return found


def with_survey(made: Report, counted: Survey, source: Source) -> DataReport:
    """Return a report with what a survey of the training rows counted.

    Args:
        made: The report.
        counted: The survey.
        source: The training rows, read to their end.
    """
    report = DataReport(made.results, made.facts, made.pages)
    report.survey, report.subject = _named(counted.to_dict(), source), made.subject
    return report


def _renamed(row: Result, source: Source) -> Result:
    """Return a row of the report with the names of a table's columns in it."""
    names = _names(source)

    def told(text: str) -> str:
        return re.sub(r"x\[:, \d+\]", lambda m: names.get(m.group(), m.group()), text)

    return dataclasses.replace(row, message=told(row.message), where=told(row.where))


def _excusable(made: Report, subject: Subject) -> bool:
    """Whether KR101 found gaps in inputs alone, which a model may fill or mask."""
    statistics = subject.statistics()
    lost = any(leaf.bad_rows for leaf in [*statistics.y, *statistics.weights])
    found = "KR101" in made and made["KR101"].status is Status.FAIL
    return found and not lost and not any(leaf.folded for leaf in statistics.x)


def _past_the_gaps(
    made: Report, able: Sequence[Check], subject: Subject, again: Callable[..., Report]
) -> Report:
    """Return the report with what can be said of data whose gaps are filled.

    Nothing is proved by a gap as long as there is no model. So KR101 WARNs, and the checks that
    it held up see the mean of a column in the place of its gaps.

    Args:
        made: The report so far.
        able: The checks it is of.
        subject: What they examined.
        again: Runs checks on the data with means filled in.
    """
    blocked = [c for c in able if "KR101" in c.requires and made[c.code].status is Status.SKIP]
    more = again(blocked, [leaf.mean for leaf in subject.statistics().x])
    row = made["KR101"]
    text = (
        f"{row.message} of a model that does not fill or mask them; filled for the other rows"
    )
    row = dataclasses.replace(row, status=Status.WARN, message=text)
    return made.merged(more).merged(Report([row]))


def look(  # noqa: PLR0913  what `check` takes, without a model
    x: Any,
    y: Any = None,
    *,
    validation_data: Any = None,
    test_data: Any = None,
    groups: Any = None,
    task: Any = None,
    budget: Any = 60.0,
    select: Sequence[str] | str | None = None,
    ignore: Sequence[str] | str | None = None,
    seed: int = 0,
    engine: str = "local",
    scheduler: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> DataReport:
    """Examine data that has no model yet; nothing is changed by it.

    Args:
        x: A folder, a table, arrays or a dataset, as for `check`.
        y: Targets; for a table the name of their column.
        validation_data: As for `check`.
        test_data: Likewise.
        groups: Likewise.
        task: Likewise; told from the labels when None.
        budget: Seconds after reading the data from which on no further check is started.
        select: Prefixes of codes to run; those of stage 1 when None.
        ignore: Prefixes of codes to leave out.
        seed: Seed of every random choice of the checks.
        engine: Who counts: `"local"` or `"dask"` (see `survey`).
        scheduler: Address of a dask scheduler.
        progress: Called with each check's name before it runs.

    Returns:
        The report, a row for every check; those that depend on a model are skipped.

    Raises:
        InputError: The data cannot be read; one sentence says why.
        ConfigError: A code, a column or an engine is unknown.
    """
    began = time.perf_counter()
    refuse_unless_seconds(budget)
    checks.load()
    chosen = [STAGE] if select is None else select
    settings = Settings.from_pyproject(Path("pyproject.toml"), select=chosen, ignore=ignore)
    with random_states():
        held = {"validation_data": validation_data, "test_data": test_data}
        x, y, held = opened(None, x, y, **held)
        settings_of = {"groups": groups, "task": task, "seed": seed}
        subject = DataSubject(x, y, **settings_of, **held)
        counted = survey(subject.source, seed=seed, engine=engine, scheduler=scheduler)
        subject.read()
        subject.human = find(Path(settings.human or FOLDER), subject.samples())
        wanted = [c for c in settings.chosen() if c.cost not in (Cost.LIVE, Cost.EXPERIMENT)]
        able = [c for c in wanted if "model" not in c.needs or c.code in OF_THE_ROWS]
        read = time.perf_counter()

        def examined(chosen: Sequence[Check], of: Subject) -> Report:
            left = budget - (time.perf_counter() - read)
            with remembering():
                return run(chosen, of, settings=settings, progress=progress, budget=left)

        def again(chosen: Sequence[Check], means: Sequence[np.ndarray]) -> Report:
            rows = {name: held_out(data, name) for name, data in held.items()}
            full = {name: one and filled(one, means) for name, one in rows.items()}
            other = DataSubject(filled(subject.source, means), **settings_of, **full)
            return examined(chosen, other)

        made = examined(able, subject)
        if _excusable(made, subject):
            made = _past_the_gaps(made, able, subject, again)
        facts = subject.facts
    skipped = [
        Result(status=Status.SKIP, message=_NO_MODEL).stamped(
            code=c.code, name=c.name, cost=str(c.cost)
        )
        for c in wanted
        if c not in able
    ]
    told = [_renamed(row, subject.source) for row in made.results]
    rows = sorted([*told, *skipped], key=lambda row: row.code)
    plain = Report(rows, facts, {c.code: dict(c.page) for c in wanted})
    report = with_survey(plain, counted, subject.source)
    report.facts["seconds"] = round(time.perf_counter() - began, 2)
    report.subject = subject.released()
    give_back()
    return report
