"""What is examined: a model, its data and its fit settings; hands checks what they ask for."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.data.counted import with_weight
from keras_recipe.data.crossfit import CrossFit, Question
from keras_recipe.data.files import Files
from keras_recipe.data.groups import split_groups
from keras_recipe.data.human import Answers
from keras_recipe.data.reading import SAMPLE_ROWS, Read, read
from keras_recipe.data.sources import Source, open_source
from keras_recipe.data.splits import cut_off, held_out
from keras_recipe.data.statistics import Statistics
from keras_recipe.fit_settings import (
    FitSettings,
    class_weights,
    refuse_unless_count,
    weighted,
)
from keras_recipe.loss import predict
from keras_recipe.needs import NEEDS
from keras_recipe.outputs import output_bytes
from keras_recipe.surgery.monitored import logged_names, may_add_logs, monitored
from keras_recipe.surgery.penultimate import penultimate
from keras_recipe.surgery.plan import Plan, plan
from keras_recipe.task import Task, infer_task

PROBE_ROWS = 32


class Subject:
    """The facts of one program, read once and never changed.

    Args:
        model: A `keras.Model`.
        x: Training inputs, anything `fit` takes but a bare generator.
        y: Targets.
        validation_data: `(x, y)`, `(x, y, sample_weight)` or a dataset.
        test_data: Likewise.
        validation_split: Share of `x` used for validation, from the end.
        sample_weight: Weights of the samples.
        class_weight: Weight by class number.
        batch_size: Rows a step; 32, or the dataset's own, when None.
        epochs: Number of epochs `fit` would run.
        shuffle: Whether `fit` would shuffle.
        task: The user's word on the kind of task.
        groups: Group of each row of `x`, or a dict of them by split.
        validation_batch_size: Rows a step of validation; `batch_size` when None.
        validation_steps: Steps of a validation; all of it when None.
        callbacks: What `fit` would be given; those that set the rate or watch logs are read.
        seed: Seed of every random choice here.
        extras: Further things a check may ask for by name, e.g. `trace`.

    Raises:
        InputError: The data or a setting cannot be used.
    """

    def __init__(  # noqa: PLR0913  what `fit` takes
        self,
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
        validation_batch_size: int | None = None,
        validation_steps: int | None = None,
        callbacks: Any = None,
        seed: int = 0,
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        counts = {
            "batch_size": batch_size,
            "epochs": epochs,
            "validation_batch_size": validation_batch_size,
            "validation_steps": validation_steps,
        }
        for name, value in counts.items():
            refuse_unless_count(name, value, least=1)
        refuse_unless_count("seed", seed, least=0)
        self._model, self._task, self._seed = model, task, int(seed)
        self._extras, self._callbacks = dict(extras or {}), callbacks
        self.refuses_gaps = False
        self.human = Answers()  # set by whoever knows where they are kept
        self.trained = False  # set when the model was trained after it was examined
        source = open_source(x, y, sample_weight)
        held = 0.0 if validation_data is not None else validation_split
        self.source, self._held = cut_off(source, held)
        cut = self.source.size if self._held else None
        self._held = self._held or held_out(validation_data, "validation_data")
        self._test_source = held_out(test_data, "test_data")
        self._outputs = output_bytes(model, self.source.first)
        size = self.source.size
        sizes = {
            "training": size,
            "validation": self._held.size if self._held else None,
            "test": self._test_source.size if self._test_source else None,
        }
        self.groups = split_groups(groups, sizes, cut)
        rows = int(self.source.batch_size or batch_size or 32)
        self._fit = FitSettings(
            batch_size=rows,
            epochs=int(epochs),
            shuffle=bool(shuffle),
            class_weight=class_weights(class_weight),
            validation_split=float(validation_split),
            num_samples=size,
            steps_per_epoch=None if size is None else math.ceil(size / rows),
            validation_batch_size=int(
                (self._held and self._held.batch_size) or validation_batch_size or rows
            ),
            validation_steps=None if validation_steps is None else int(validation_steps),
        )

    def need(self, name: str) -> Any:
        """Return what a check asks for.

        Raises:
            NotApplicable: The subject has no such thing.
        """
        if name in self._extras:
            return self._extras[name]
        give = NEEDS.get(name)
        found = None if give is None else give(self)
        if found is None:
            msg = f"there is no `{name.replace('_', ' ')}` to examine"
            raise NotApplicable(msg)
        return found

    @property
    def plan(self) -> Plan:
        """What `fit` would do with the learning rate, and what its callbacks watch."""
        fit = self.settings()
        found = plan(self._model, fit.epochs, fit.steps_per_epoch, self._callbacks)
        return dataclasses.replace(found, monitors=self._monitors())

    def _monitors(self) -> list[dict[str, Any]]:
        if not self._callbacks:
            return []
        few = slice(0, 2)
        rows, said = self.sample.take(few), Batch(self.predictions).take(few).x
        names = logged_names(self._model, rows, said)
        known = set() if may_add_logs(self._callbacks) else names
        held = self._held is not None
        return monitored(self._model, self._callbacks, known, validated=held)

    @property
    def facts(self) -> dict[str, Any]:
        """Context for the report; reads what is cheap to read."""
        return {
            "backend": f"{keras.backend.backend()}, Keras {keras.__version__}",
            "task": f"{self.task.kind}: {self.task.reason}",
            "data": f"{self.source.kind}, {self.settings().num_samples} rows",
            "probe": f"{len(self.probe)} rows; sample: {len(self.sample)} rows",
            "seed": self._seed,
        }

    @cached_property
    def _training(self) -> Read:
        return read(self.source, self._seed, outputs=self._outputs)

    @cached_property
    def _validation(self) -> Read | None:
        return None if self._held is None else self._read_like(self._held)

    @cached_property
    def _test(self) -> Read | None:
        return None if self._test_source is None else self._read_like(self._test_source)

    def _read_like(self, source: Source) -> Read:
        return read(source, self._seed, self._training.sketch, self._outputs)

    @cached_property
    def sample(self) -> Batch:
        """At most 1024 training rows, chosen by the seed; fewer of large rows or outputs."""
        return weighted(self._training.sample, self._fit.class_weight)

    @cached_property
    def probe(self) -> Batch:
        """At most 32 rows of `sample`."""
        rows = min(len(self.sample), PROBE_ROWS, max(self._fit.batch_size, 2))
        chosen = np.random.default_rng(self._seed).permutation(len(self.sample))[:rows]
        return self.sample.take(chosen)

    @cached_property
    def task(self) -> Task:
        """The inferred task."""
        return infer_task(self._model, self.statistics().y, self.predictions, self._task)

    @cached_property
    def crossfit(self) -> CrossFit:
        """Simple models of every target, on the samples of the splits."""
        asked = [
            Question(h.name, h.target, h.one_class, h.ignored)
            for h in self.task.heads
            if h.target is not None
        ]
        samples = {name: with_weight(rows) for name, rows in self.samples().items()}
        whole = self.source.whole if hasattr(self, "source") else None
        opening = None if whole is None else whole.take(slice(0, SAMPLE_ROWS))
        training, held = samples["training"], samples.get("validation")
        return CrossFit(training, held, asked, self._seed, opening)

    @cached_property
    def predictions(self) -> Any:
        """The model's outputs on `sample` in inference mode, before anything is trained.

        A model that raises on NaN (as a token number, say) is given 0 in its place, and
        `refuses_gaps` is set.
        """
        x = self.sample.x
        try:
            return predict(self._model, x)
        except Exception:
            filled = mapped(np.nan_to_num, x)
            pairs = zip(leaves(x), leaves(filled), strict=True)
            if all(np.array_equal(before, after) for before, after in pairs):
                raise
            self.refuses_gaps = True
            return predict(self._model, filled)

    def embedding(self) -> np.ndarray:
        """Return the rows of `sample` as the model's last layer gets them.

        The shape is `(rows, features)`, with no rows where that is not known.
        """
        return penultimate(self._model, self.sample.x)

    def read(self) -> None:
        """Read everything that needs data now, so that later needs cost nothing."""
        _ = self._training, self._validation, self._test

    def under(self, model: Any) -> Subject:
        """Return the same data and settings with another model, or this one changed since."""
        other = copy.copy(self)
        for name in ("task", "predictions", "crossfit"):
            vars(other).pop(name, None)
        other._model = model  # noqa: SLF001  a copy of this object
        return other

    def released(self) -> Subject:
        """Let go of the data; the samples and what was measured on them stay."""
        self.read()
        self._fit, self._held, self._test_source = self.settings(), None, None
        self._callbacks = None
        del self.source
        return self

    def files(self) -> dict[str, Files]:
        """Return the files that each split was read from, where it was read from files."""
        self.read()
        held = {"validation": self._held, "test": self._test_source}
        found = {"training": getattr(self, "source", None), **held}
        return {name: one.files for name, one in found.items() if one and one.files}

    def of_splits(self, part: str) -> dict[str, Any]:
        """Return an attribute of what was read of each split there is.

        The splits are `training`, `validation` and `test`.
        """
        found = {"training": self._training, "validation": self._validation, "test": self._test}
        return {name: getattr(read, part) for name, read in found.items() if read is not None}

    def settings(self) -> FitSettings:
        """Return the fit settings, with the numbers that only reading the data tells."""
        if self._fit.num_samples is not None:
            return self._fit
        rows = self.statistics().rows
        steps = self.source.num_batches or math.ceil(rows / self._fit.batch_size)
        return dataclasses.replace(self._fit, num_samples=rows, steps_per_epoch=steps)

    def statistics(self) -> Statistics:
        """Return the statistics of all training rows."""
        return self._training.statistics

    def samples(self) -> dict[str, Batch]:
        """Return the sample of each split there is, that of the training rows weighted."""
        return {**self.of_splits("sample"), "training": self.sample}
