"""A student of the ensemble, beside the same training on the labels alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import NotApplicable
from keras_recipe.ensemble.distill import distil
from keras_recipe.ensemble.train import AVERAGED, Trained, Trainings, fresh
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.experiments.squeezing import Taught
from keras_recipe.experiments.trial_move import Move, merged, same
from keras_recipe.loss import predict

#: Times as many steps as a member: a good teacher is patient (Beyer et al. 2022). Measured on
#: one hidden layer, 10 seeds, test loss against the labels alone for as many steps: 4000
#: pictures of Fashion-MNIST, 8 epochs a member: +0.019 (± 0.006) at once the steps, +0.031
#: (± 0.010) at twice; 300 digits learned by heart: +0.002 (± 0.000), +0.024 (± 0.003). Digits
#: whose training ends long before its time: -0.021 and -0.045, there only labels help. What a
#: teacher gives is for the most part quiet at the end: where both average their weights, the
#: student of the pictures is no better than its twin (-0.003 ± 0.002); both are much better
#: than a member (0.045).
PATIENCE = 2
#: Steps from which both average their weights (`train.AVERAGED`): ten times its memory of 100
#: steps, so that next to nothing of the start is left (exp(-10)).
LONG = 1000


def schooled(
    teacher: Any,
    alone: Trained,
    wanted: Any,
    held: HeldOut,
    folder: Path,
    *,
    test: HeldOut | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Any, Taught]:
    """Train a student and its twin, the same net with the same seed on the labels alone.

    Args:
        teacher: The ensemble, compiled.
        alone: A member: what it was trained on and how is what the student is, too.
        wanted: True: the member's program; or what makes another one.
        held: Rows to judge by.
        folder: Where the twin is kept.
        test: Test rows; None where there are none.
        progress: Called with a text before each part.

    Returns:
        The student, and what it gains.

    Raises:
        NotApplicable: Keras cannot distil these models, or the twin's training failed.
    """
    trial, steps = alone.trial, PATIENCE * alone.record.steps
    if wanted is not True:
        own = tuple(replace(move, change=same) for move in trial.moves)
        trial = replace(trial, build=wanted, moves=own)
    length = Move(name=f"{PATIENCE} times as long", text="as its student", fit={"steps": steps})
    if steps >= LONG:
        trial = replace(trial, moves=(*trial.moves, AVERAGED))
    moves = (*trial.moves, length)
    seconds = trial.budget.seconds and PATIENCE * trial.budget.seconds
    trial = replace(trial, budget=replace(trial.budget, seconds=seconds))
    twin = Trainings(trial, folder, progress).run([alone.record.seed], [moves])[0]
    if twin.model is None:
        msg = f"the same training without a teacher failed: {twin.record.message}"
        raise NotApplicable(msg)
    progress("distilling")
    rows, fit = trial.train, merged(moves, batch_size=trial.budget.batch_size)
    for move in moves:
        rows = move.data(rows)
    made = distil(
        teacher,
        partial(fresh, trial.build, trial.moves),
        rows,
        replace(trial.budget, steps=twin.record.steps, batch_size=fit["batch_size"]),
        seed=alone.record.seed,
    )
    notes = [*made.notes]
    if made.stopped:
        notes.append(f"the clock ended it after {made.steps} of {twin.record.steps} steps")

    def gain(rows: HeldOut, other: Any) -> Any:
        return rows.gain(predict(other, rows.rows.x), predict(made.model, rows.rows.x))

    return made.model, Taught(
        on_single=gain(held, twin.model),
        on_ensemble=gain(held, teacher),
        notes=tuple(notes),
        on_test=None if test is None else gain(test, twin.model),
    )
