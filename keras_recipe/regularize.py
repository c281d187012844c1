"""Stage 4 on the ladder: what may help is planned, tried with the same seeds, and judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keras_recipe import building
from keras_recipe.core.seconds import refuse_unless_seconds
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.ladder import Ladder
from keras_recipe.experiments.learning_curve import PARTS, learning_curve
from keras_recipe.experiments.program import Program
from keras_recipe.experiments.regularizing import (
    Climbed,
    Regularization,
    regularization,
    wanted_moves,
)
from keras_recipe.experiments.trial_model import made, maker
from keras_recipe.experiments.trial_move import Move, merged
from keras_recipe.ground import Ground
from keras_recipe.regularized import Regularized
from keras_recipe.reports.progress import progress_of
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import random_states
from keras_recipe.tensorboard import Writer


@dataclass(frozen=True)
class Grown:
    """Makes the model that an earlier ladder ended with, its weights drawn anew.

    Attributes:
        build: Makes a fresh compiled model.
        moves: What was kept.
    """

    build: Callable[[], Any]
    moves: tuple[Move, ...]

    def __call__(self) -> Any:
        """Return a fresh compiled model."""
        model = made(self.build)
        for move in self.moves:
            model = move.change(model)
        return model


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of stage 4; refused at once where it cannot be used.

    Attributes:
        moves: As `regularizing.wanted_moves` takes it.
        budget: Seconds for all trainings together.
        pretrained: A model or the path of a `.keras` file.
        synthetic: Made-up rows, or what makes them.
        seeds: Of each training.
        parallel: Processes.

    Raises:
        InputError: One sentence says why.
    """

    moves: Any
    budget: Any
    pretrained: Any
    synthetic: Any
    seeds: Sequence[int]
    parallel: int | None

    def __post_init__(self) -> None:
        """Refuse what no ladder could use."""
        refuse_unless_seconds(self.budget)
        wanted_moves(self.moves)


def regularize(ground: Ground, request: Request, *, force: bool, verbose: Any) -> Regularized:
    """Do stage 4 and leave what was kept for the next stages.

    Args:
        ground: The program.
        request: What is asked.
        force: Start although a check of an earlier stage FAILs.
        verbose: As `progress_of` takes it.
    """
    held = ground.rows.held()
    subject = ground.begin("4", force=force)
    with progress_of(verbose) as progress:
        climbed = _climb(ground, request, subject, (ground.rows.train(), held), progress)
    ground.judge("climbed", climbed, subject)
    ground.kept, ground.tuned = climbed.ladder, None
    return Regularized(climbed=climbed)


def _climb(
    ground: Ground,
    request: Request,
    subject: Subject,
    rows: tuple[Batch, Batch],
    progress: Callable[[str], None],
) -> Climbed:
    """Try the moves one at a time, on top of what stage 3 grew and of those that were kept."""
    grown = () if ground.grown is None else ground.grown.best
    settings = merged(
        grown, steps=ground.steps(subject), batch_size=subject.settings().batch_size
    )
    steps = settings["steps"] or settings["epochs"] * math.ceil(
        len(rows[0]) / settings["batch_size"]
    )
    made_by = Grown(maker(ground.build), tuple(grown)) if grown else ground.build
    plan = _planned(request, made_by, subject, steps, settings["batch_size"])
    trainings = (len(plan.moves) + 1 + plan.curve * len(PARTS)) * max(len(request.seeds), 1)
    ladder = Ladder(
        made_by,
        rows[0],
        rows[1],
        seeds=request.seeds,
        steps=steps,
        seconds=request.budget / trainings if math.isfinite(request.budget) else None,
        batch_size=settings["batch_size"],
        journal=ground.place("regularize.jsonl"),
        log_dir=ground.place("regularize"),
        board=None if ground.log_dir is None else Writer,
        parallel=request.parallel,
        progress=progress,
    )
    curve = None
    if plan.curve:
        curve = learning_curve(
            ladder.trial,
            rows[0],
            request.seeds,
            journal_file=ground.place("learning_curve.jsonl"),
            header=ladder.header(()),
            parallel=request.parallel,
            progress=progress,
        )
    return Climbed(ladder=ladder.climb(plan.moves), plan=plan, curve=curve)


def _planned(
    request: Request, build: Any, subject: Subject, steps: int, batch_size: int
) -> Regularization:
    """Return the moves, planned on a model of its own."""
    seed = int(subject.need("seed"))
    with random_states(seed):
        model = made(maker(build))
        model = getattr(model, "recipe_inner", model)
        building.build(model, subject.probe)
        program = Program(
            model=model,
            task=subject.task,
            sample=subject.sample,
            steps=steps,
            batch_size=batch_size,
            seed=seed,
            pretrained=request.pretrained,
            synthetic=request.synthetic,
        )
        return regularization(program, request.moves)
