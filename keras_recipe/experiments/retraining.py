"""The winner of a search trained again with several seeds, beside runner-up and start."""

from __future__ import annotations

import json
import math
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import keras

from keras_recipe.core.errors import InputError
from keras_recipe.core.result import plain
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.journal import journal
from keras_recipe.experiments.noise import Gain, paired_gain
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.trial_model import loss_form, made, model_form
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.surgery.preserve import random_states


@dataclass(frozen=True, kw_only=True)
class Retrained:
    """What three settings reach over the same seeds, by the objective of the search.

    Attributes:
        losses: Value of the objective by seed, by name: `"winner"`, `"runner-up"` and `"start"`
            (the defaults of the space), as far as they trained.
        over_runner_up: What the winner gains over the runner-up; None where not compared.
        over_start: What it gains over the start likewise.
        reason: Why it was not compared with the start; `""` where it was.
    """

    losses: Mapping[str, Mapping[int, float]]
    over_runner_up: Gain | None
    over_start: Gain | None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        gains = {"runner-up": self.over_runner_up, "start": self.over_start}
        return {
            "losses": {name: dict(found) for name, found in self.losses.items()},
            "gain": {k: None if g is None else vars(g) for k, g in gains.items()},
            "reason": self.reason,
        }


def refuse_few(seeds: Sequence[int]) -> None:
    """Refuse seeds that tell no noise.

    Raises:
        InputError: They are fewer than two, or one is there twice.
    """
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        msg = f"`seeds` must be at least two different ones. Received: {tuple(seeds)!r}"
        raise InputError(msg)


def retrained(  # noqa: PLR0913  what is trained again, and what judges it
    ranked: Sequence[SearchTrial],
    build: Callable[[Mapping[str, Any]], Callable[[], Any]],
    rows: tuple[Batch, Batch],
    batch_size: int,
    epochs: int,
    seeds: Sequence[int] = (0, 1, 2),
    progress: Callable[[str], None] = lambda _: None,
    journal_file: Path | None = None,
    *,
    objective: str = "val_loss",
    direction: str = "min",
) -> Retrained:
    """Train the best setting, the second best and the defaults with each seed.

    Seeds are paired: the same one decides initial weights and row order of all three. Each is
    trained for as many epochs as its best trial took to its best (the defaults: as planned), so
    that no validation row decides when to stop this time. They are compared by what the search
    was for: the last value of the objective's curve, which more or less of is better. Of
    `val_loss` the penalties are left out, since settings differ in them. Losses of another form
    (other losses, or weights of losses) are no numbers to compare: no gain is stated then.

    Args:
        ranked: The finished trials, at least one, the best first.
        build: Returns what builds the model with the values it is given.
        rows: Training and validation rows.
        batch_size: Where a trial has none of its own.
        epochs: Of the start, which is trained as planned.
        seeds: At least two.
        progress: Called with a text before each training.
        journal_file: Trainings that are in it are not made again; None: all are made.
        objective: Name of the log that the search compared.
        direction: `"min"` or `"max"`.

    Raises:
        InputError: Fewer than two seeds, or the journal is of another program.
    """
    refuse_few(seeds)
    settings = {"winner": ranked[0]}
    if len(ranked) > 1:
        settings["runner-up"] = ranked[1]
    values: dict[str, dict[int, float]] = {}
    plans = {name: (dict(t.hyperparameters), t.epoch + 1) for name, t in settings.items()}
    plans["start"] = ({}, epochs)
    with random_states(seeds[0]):
        model = made(build({}))
        forms = {name: _form(made(build(given))) for name, (given, _) in plans.items()}
    header = {
        "search": "retrained",
        "backend": keras.backend.backend(),
        "batch_size": batch_size,
        "model": joblib.hash(model_form(model)),
        "data": joblib.hash([part.parts() for part in rows]),
    }
    with journal(journal_file, header) as book:
        for name, (given, turns) in plans.items():
            said = json.dumps(plain([given, turns]), sort_keys=True)
            for seed in seeds:
                key = f"{zlib.crc32(said.encode()):08x} seed {seed}"
                if key not in book.records:
                    progress(f"{name}, seed {seed}")
                    trial = Trial(
                        build=build(given),
                        moves=(length(turns),),
                        seed=seed,
                        train=rows[0],
                        validation=rows[1],
                        budget=Budget(batch_size=int(given.get("batch_size", batch_size))),
                    )
                    book.add(replace(trial.run(), key=key))
                found = _value(book.records[key], objective)
                if found is not None:
                    values.setdefault(name, {})[seed] = found
    comparable = {
        name: not objective.endswith("loss") or form == forms["winner"]
        for name, form in forms.items()
    }
    over = {
        name: _gain(values, name, objective, direction) if comparable.get(name) else None
        for name in ("runner-up", "start")
    }
    reason = ""
    if not comparable["start"]:
        reason = (
            "the winner has another loss than the start, so their losses cannot be compared; "
            "search for a metric"
        )
    elif over["start"] is None:
        reason = (
            f"fewer than two trainings of both, winner and start, end with a `{objective}` "
            "that is a number"
        )
    return Retrained(
        losses=values,
        over_runner_up=over["runner-up"],
        over_start=over["start"],
        reason=reason,
    )


def length(epochs: int) -> Move:
    """Return a training's length; as a move, for a setting may fail with another seed."""
    return Move(name="length", text="as long as its trial", fit={"epochs": epochs})


def _value(record: TrialRecord, objective: str) -> float | None:
    """Return what a training ended with."""
    if not record.judged:
        return None
    if objective == "val_loss":
        return record.score
    curve = record.curves.get(objective, ())
    return float(curve[-1]) if len(curve) and math.isfinite(curve[-1]) else None


def _form(model: Any) -> tuple[str, str]:
    """Return the loss, and the weights of the losses, as text."""
    with warnings.catch_warnings(), suppress(Exception):  # what cannot be serialised
        warnings.simplefilter("ignore")
        return loss_form(model), repr((model.get_compile_config() or {}).get("loss_weights"))
    return loss_form(model), ""


def _gain(
    values: Mapping[str, Mapping[int, float]], other: str, objective: str, direction: str
) -> Gain | None:
    winner, there = values.get("winner", {}), values.get(other, {})
    both = [seed for seed in winner if seed in there]
    if len(both) < 2:
        return None
    return paired_gain(
        [there[s] for s in both],
        [winner[s] for s in both],
        of="loss" if objective == "val_loss" else objective,
        direction=direction,
    )
