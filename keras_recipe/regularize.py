"""Stage 4 on the ladder: what may help is planned, tried with the same seeds, and judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_recipe import examine
from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.ladder import Ladder, LadderResult
from keras_recipe.experiments.learning_curve import PARTS, LearningCurve, learning_curve
from keras_recipe.experiments.program import Program
from keras_recipe.experiments.regularizing import (
    Climbed,
    Regularization,
    regularization,
    wanted_moves,
)
from keras_recipe.experiments.trial_model import made, maker
from keras_recipe.experiments.trial_move import Move, merged
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
    """What is asked of stage 4.

    Attributes:
        moves: As `regularizing.wanted_moves` takes it.
        pretrained: A model or the path of a `.keras` file.
        synthetic: Made-up rows, or what makes them.
        budget: Seconds for all trainings together.
        seeds: Of each training.
        parallel: Processes.
        log_dir: Folder for the journals and for TensorBoard.
    """

    moves: Any
    pretrained: Any
    synthetic: Any
    budget: float
    seeds: Sequence[int]
    parallel: int | None
    log_dir: Path | None

    def __post_init__(self) -> None:
        """Refuse what no ladder could use, before anything runs.

        Raises:
            InputError: One sentence says why.
        """
        budget: Any = self.budget
        if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0:
            msg = f"`budget` must be a number of seconds above 0. Received: {budget!r}"
            raise InputError(msg)
        wanted_moves(self.moves)


def climb(
    request: Request,
    build: Any,
    subject: Subject,
    rows: tuple[Batch, Batch],
    steps: int,
    before: LadderResult | None,
    progress: Callable[[str], None],
) -> Climbed:
    """Try the moves on a program, one at a time on top of those that were kept.

    Args:
        request: What is asked.
        build: As `trial_model.maker` takes it.
        subject: What stage 4's checks examined.
        rows: Training and validation rows in memory.
        steps: Optimizer steps of a training.
        before: What stage 3 grew; its kept moves are where this one begins.
        progress: Called with a text before the trainings of a move.
    """
    kept = before.best if before is not None else ()
    settings = merged(kept, steps=steps, batch_size=subject.settings().batch_size)
    steps = settings["steps"] or settings["epochs"] * math.ceil(
        len(rows[0]) / settings["batch_size"]
    )
    made_by = Grown(maker(build), tuple(kept)) if kept else build
    plan = _planned(request, made_by, subject, steps, settings["batch_size"])
    trainings = (len(plan.moves) + 1 + plan.curve * len(PARTS)) * max(len(request.seeds), 1)
    folder = request.log_dir
    ladder = Ladder(
        made_by,
        rows[0],
        rows[1],
        seeds=request.seeds,
        steps=steps,
        seconds=request.budget / trainings if math.isfinite(request.budget) else None,
        batch_size=settings["batch_size"],
        journal=None if folder is None else folder / "regularize.jsonl",
        log_dir=None if folder is None else folder / "regularize",
        board=None if folder is None else Writer,
        parallel=request.parallel,
        progress=progress,
    )
    curve = _curve(request, ladder, rows[0], progress) if plan.curve else None
    return Climbed(ladder=ladder.climb(plan.moves), plan=plan, curve=curve)


def _planned(
    request: Request, build: Any, subject: Subject, steps: int, batch_size: int
) -> Regularization:
    """Return the moves, planned on a model of its own."""
    seed = int(subject.need("seed"))
    with random_states(seed):
        model = made(maker(build))
        model = getattr(model, "recipe_inner", model)
        examine.build(model, subject.probe)
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


def _curve(
    request: Request, ladder: Ladder, rows: Batch, progress: Callable[[str], None]
) -> LearningCurve:
    folder = request.log_dir
    return learning_curve(
        ladder.trial,
        rows,
        request.seeds,
        journal_file=None if folder is None else folder / "learning_curve.jsonl",
        header=ladder.header(()),
        parallel=request.parallel,
        progress=progress,
    )
