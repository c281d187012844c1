"""Trained models from elsewhere: a search's trials, files, models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.ensemble.longer import opened


@dataclass(frozen=True)
class Library:
    """Models that may have a part in an ensemble.

    Attributes:
        entries: Name and model, or path of a `.keras` file, of each.
        missing: Trials of a search that have no model.
    """

    entries: tuple[tuple[str, Any], ...] = ()
    missing: int = 0

    @classmethod
    def of(cls, given: Any) -> Library:
        """Return what a search result, or a list of models and paths, holds.

        Args:
            given: Something with `trials`, each with `path`, `status` and `hyperparameters`;
                or a list of models, paths or such trials; None: nothing.

        Raises:
            InputError: It is none of these.
        """
        trials = getattr(given, "trials", given)
        if trials is None:
            return cls()
        if isinstance(trials, str | Path) or not isinstance(trials, Sequence):
            msg = (
                "`search` must be a SearchResult or a list of models or `.keras` files. "
                f"Received: {type(given).__name__}"
            )
            raise InputError(msg)
        found, missing = [], 0
        for place, one in enumerate(trials):
            if isinstance(one, str | Path):
                found.append((Path(one).name, one))
            elif isinstance(one, keras.Model):
                found.append((f"model {place}", one))
            elif getattr(one, "path", None) is not None:
                found.append((f"trial {place}: {_words(one)}", one.path))
            elif hasattr(one, "path"):
                missing += 1
            else:
                msg = f"`search` holds what is no model: {type(one).__name__} at {place}."
                raise InputError(msg)
        names = [name for name, _ in found]
        unique = [
            (f"{name} ({place})" if names.count(name) > 1 else name, model)
            for place, (name, model) in enumerate(found)
        ]
        return cls(tuple(unique), missing)

    def models(self, left_out: dict[str, str]) -> dict[str, Any]:
        """Load every model; write down why one cannot be.

        Args:
            left_out: Gets the reason by name.
        """
        if self.missing:
            left_out["trials of the search"] = f"{self.missing} have no model"
        found = {}
        for name, model in self.entries:
            try:
                found[name] = opened(model)
            except InputError as error:
                left_out[name] = str(error)
        return found


def _words(trial: Any) -> str:
    """Return a trial's hyperparameters in few words."""
    values = getattr(trial, "hyperparameters", None)
    if not isinstance(values, Mapping):
        values = getattr(values, "values", None)  # KerasTuner's own
    if not isinstance(values, Mapping):
        return str(getattr(trial, "status", ""))
    return ", ".join(f"{k}={_short(v)}" for k, v in values.items())


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
