"""The winner of a search trained again with several seeds, beside runner-up and start."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
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
from keras_recipe.experiments.trial_model import made, model_form
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.surgery.preserve import random_states


@dataclass(frozen=True, kw_only=True)
class Retrained:
    """Validation losses of three settings over the same seeds.

    Attributes:
        losses: Loss by seed, by name: `"winner"`, `"runner-up"` and `"start"` (the defaults of
            the space), as far as they trained.
        over_runner_up: What the winner gains over the runner-up; None where not compared.
        over_start: What it gains over the start likewise.
    """

    losses: Mapping[str, Mapping[int, float]]
    over_runner_up: Gain | None
    over_start: Gain | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        gains = {"runner-up": self.over_runner_up, "start": self.over_start}
        return {
            "losses": {name: dict(found) for name, found in self.losses.items()},
            "gain": {k: None if g is None else vars(g) for k, g in gains.items()},
        }


def refuse_few(seeds: Sequence[int]) -> None:
    """Refuse seeds that tell no noise.

    Raises:
        InputError: They are fewer than two, or one is there twice.
    """
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        msg = f"`seeds` must be at least two different ones. Received: {tuple(seeds)!r}"
        raise InputError(msg)


def retrained(
    ranked: Sequence[SearchTrial],
    build: Callable[[Mapping[str, Any]], Callable[[], Any]],
    rows: tuple[Batch, Batch],
    batch_size: int,
    epochs: int,
    seeds: Sequence[int] = (0, 1, 2),
    progress: Callable[[str], None] = lambda _: None,
    journal_file: Path | None = None,
) -> Retrained:
    """Train the best setting, the second best and the defaults with each seed.

    Seeds are paired: the same one decides initial weights and row order of all three. Each is
    trained for as many epochs as its best trial took to its best (the defaults: as planned), so
    that no validation row decides when to stop this time.

    Args:
        ranked: The finished trials, at least one, the best first.
        build: Returns what builds the model with the values it is given.
        rows: Training and validation rows.
        batch_size: Where a trial has none of its own.
        epochs: Of the start, which is trained as planned.
        seeds: At least two.
        progress: Called with a text before each training.
        journal_file: Trainings that are in it are not made again; None: all are made.

    Raises:
        InputError: Fewer than two seeds, or the journal is of another program.
    """
    refuse_few(seeds)
    settings = {"winner": ranked[0]}
    if len(ranked) > 1:
        settings["runner-up"] = ranked[1]
    losses: dict[str, dict[int, float]] = {}
    plans = {name: (dict(t.hyperparameters), t.epoch + 1) for name, t in settings.items()}
    plans["start"] = ({}, epochs)
    with random_states(seeds[0]):
        form = joblib.hash(model_form(made(build({}))))
    header = {
        "search": "retrained",
        "backend": keras.backend.backend(),
        "batch_size": batch_size,
        "model": form,
        "data": joblib.hash([part.parts() for part in rows]),
    }
    with journal(journal_file, header) as book:
        for name, (values, turns) in plans.items():
            size = int(values.get("batch_size", batch_size))
            said = json.dumps(plain([values, turns]), sort_keys=True)
            for seed in seeds:
                key = f"{zlib.crc32(said.encode()):08x} seed {seed}"
                if key not in book.records:
                    progress(f"{name}, seed {seed}")
                    trial = Trial(
                        build=build(values),
                        seed=seed,
                        train=rows[0],
                        validation=rows[1],
                        budget=Budget(steps=turns * -(-len(rows[0]) // size), batch_size=size),
                    )
                    book.add(replace(trial.run(), key=key))
                score = book.records[key].score
                if score is not None:
                    losses.setdefault(name, {})[seed] = score
    return Retrained(
        losses=losses,
        over_runner_up=_gain(losses, "runner-up"),
        over_start=_gain(losses, "start"),
    )


def _gain(losses: Mapping[str, Mapping[int, float]], other: str) -> Gain | None:
    winner, there = losses.get("winner", {}), losses.get(other, {})
    both = [seed for seed in winner if seed in there]
    if len(both) < 2:
        return None
    return paired_gain([there[s] for s in both], [winner[s] for s in both])
