"""The trained models that may have a part in an ensemble, and what they answer."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.batch import leaves
from keras_recipe.ensemble.average import averaged, kinds_of
from keras_recipe.ensemble.crossing import crossed
from keras_recipe.ensemble.select import Selection, select
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.experiments.squeezing import Averaged, Candidate
from keras_recipe.loss import predict

MOST_BYTES = 2**28  # of the outputs of all candidates together


class Pool:
    """Trained models by name, all with outputs of the same kind.

    Args:
        few: A few rows of inputs.
        left_out: Gets the reason, by name, of what has no part.
    """

    def __init__(self, few: Any, left_out: dict[str, str]) -> None:
        self._few, self._left_out = few, left_out
        self.models: dict[str, Any] = {}
        self.failed: list[Candidate] = []

    def add(self, name: str, model: Any) -> None:
        """Take a model, unless it is there or cannot be averaged with those there are."""
        if twin := next((k for k, one in self.models.items() if one is model), None):
            self._left_out[name] = f"it is the same object as {twin}"
            return
        try:
            form = self._form(model)
        except Exception as error:  # noqa: BLE001  made for other inputs: each raises its own
            self._left_out[name] = said(error)
            return
        if self.models and form != self._form(self._first):
            self._left_out[name] = "its outputs are of another kind than the others'"
            return
        self.models[name] = model

    def fail(self, name: str, note: str) -> None:
        """Remember a training that has no model."""
        self.failed.append(Candidate(name=name, loss=math.nan, note=note))

    @property
    def _first(self) -> Any:
        return next(iter(self.models.values()))

    @property
    def kinds(self) -> tuple[str, ...]:
        """How each output is averaged."""
        return kinds_of(self._first, self._few)

    def _form(self, model: Any) -> tuple[Any, ...]:
        shapes = [tuple(o.shape[1:]) for o in keras.tree.flatten(predict(model, self._few))]
        return kinds_of(model, self._few), shapes

    def outputs(self, held: HeldOut, seed: int) -> tuple[HeldOut, dict[str, Any]]:
        """Return as many held-out rows as outputs fit in memory for, and all outputs.

        Args:
            held: The rows.
            seed: Chooses them where not all fit.

        Raises:
            InputError: There is no model.
        """
        if not self.models:
            msg = "There is no trained model: every training failed, or nothing was given."
            raise InputError(msg)
        rows, first = len(held.rows), leaves(predict(self._first, self._few))
        each = sum(leaf.size for leaf in first) / len(first[0]) * 8  # as float64
        fits = int(MOST_BYTES / max(each * len(self.models), 1))
        if fits < rows:
            self._left_out["validation rows"] = f"{rows - fits} of {rows}, to save memory"
            chosen = np.random.default_rng(seed).permutation(rows)[:fits]
            held = dataclasses.replace(held, rows=held.rows.take(np.sort(chosen)))
        return held, {name: predict(one, held.rows.x) for name, one in self.models.items()}

    def picked(
        self, held: HeldOut, outputs: Mapping[str, Any], most: int, seed: int
    ) -> Selection:
        """Return what greedy selection chooses on all held-out rows."""
        return select(list(outputs.values()), self.kinds, held.loss, most=most, seed=seed)

    def ensemble(self, picked: Selection) -> Any:
        """Return the chosen models as one; the model itself where it is a single one."""
        models = list(self.models.values())
        chosen = [models[place] for place in picked.chosen]
        if len(chosen) == 1:
            return chosen[0]
        return averaged(chosen, self._few, [picked.weights[place] for place in picked.chosen])

    def judged(
        self,
        held: HeldOut,
        outputs: Mapping[str, Any],
        picked: Selection,
        most: int,
        seed: int,
    ) -> Averaged:
        """Return what the ensemble is worth, on rows that it was not chosen on, too."""
        answers = crossed(held, list(outputs.values()), self.kinds, most=most, seed=seed)
        single, greedy, everything = (held.scores(one) for one in answers)
        found = [
            Candidate(name=name, loss=loss, weight=weight)
            for name, loss, weight in zip(outputs, picked.losses, picked.weights, strict=True)
        ]
        return Averaged(
            candidates=(*found, *self.failed),
            how=picked.how,
            loss=picked.loss,
            best=min(picked.losses),
            mean_of_all=picked.mean_of_all,
            crossed=held.gain(single, greedy),
            crossed_mean=held.gain(everything, greedy),
        )
