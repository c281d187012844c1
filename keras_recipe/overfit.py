"""Stage 3 on a recipe's program: it is grown until it learns its training rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.core.seconds import refuse_unless_seconds
from keras_recipe.experiments.growing import Growth, growth
from keras_recipe.experiments.ladder import Ladder
from keras_recipe.experiments.meeting import Goal, goal_of
from keras_recipe.ground import Ground
from keras_recipe.overfitted import Overfitted
from keras_recipe.reports.progress import progress_of
from keras_recipe.subject import Subject
from keras_recipe.surgery.burden import burden_of
from keras_recipe.surgery.preserve import preserve
from keras_recipe.tensorboard import Writer


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of stage 3; refused at once where it cannot be used.

    Attributes:
        budget: Seconds for all trainings together.
        goal: Share of the way from the best constant's loss to the noise floor.
        seeds: Of each training.
        parallel: Processes.

    Raises:
        InputError: One sentence says why.
    """

    budget: Any
    goal: Any
    seeds: Sequence[int]
    parallel: int | None

    def __post_init__(self) -> None:
        """Refuse what no ladder could use."""
        refuse_unless_seconds(self.budget)
        goal = self.goal
        if isinstance(goal, bool) or not isinstance(goal, int | float) or not 0 < goal <= 1:
            msg = f"`goal` must be a share above 0, at most 1. Received: {goal!r}"
            raise InputError(msg)


def overfit(ground: Ground, request: Request, *, force: bool, verbose: Any) -> Overfitted:
    """Do stage 3 and leave what was grown for the next stages.

    Args:
        ground: The program.
        request: What is asked.
        force: Start although a check of an earlier stage FAILs.
        verbose: As `progress_of` takes it.
    """
    subject = ground.begin("3", force=force)
    if subject.sample.y is None:
        msg = "There is nothing to learn: the data has no targets."
        raise InputError(msg)
    steps = ground.steps(subject)
    wanted, moves = _planned(ground.model, subject, steps, float(request.goal))
    trainings = (len(moves.moves) + 1) * max(len(request.seeds), 1)
    with progress_of(verbose) as progress:
        ladder = Ladder(
            ground.build,
            ground.rows.train(),
            monitor="loss",
            seeds=request.seeds,
            steps=steps,
            seconds=request.budget / trainings if math.isfinite(request.budget) else None,
            batch_size=subject.settings().batch_size,
            journal=ground.place("overfit.jsonl"),
            log_dir=ground.log_dir,
            board=None if ground.log_dir is None else Writer,
            parallel=request.parallel,
            goal=wanted.loss,
            progress=progress,
        )
        climbed = ladder.climb(moves.moves)
    ground.judge("ladder", climbed)
    # what was regularised or tuned was another program
    ground.grown, ground.kept, ground.tuned = climbed, None, None
    return Overfitted(ladder=climbed, goal=wanted, left_out=moves.left_out)


def _planned(model: Any, subject: Subject, steps: int, share: float) -> tuple[Goal, Growth]:
    """Return what is to be met, and the moves; the model is left as it was."""
    with preserve(model):
        wanted = goal_of(model, subject.task, subject.sample, subject.human, share=share)
        burden = burden_of(model, subject.probe.x)
        return wanted, growth(model, burden, steps=steps)
