"""Stage 6 on a recipe's program: the arguments looked at, the parts put together."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.core.seconds import refuse_unless_seconds
from keras_recipe.ensemble.library import Library
from keras_recipe.ensemble.squeeze import PAIRS, Juice, Squeeze, Wishes
from keras_recipe.ensemble.student import PATIENCE
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.experiments.trial_move import refuse_unless_count
from keras_recipe.experiments.trial_run import Trial
from keras_recipe.ground import Ground
from keras_recipe.reports.progress import progress_of
from keras_recipe.search.result import Tuned
from keras_recipe.squeezed import Squeezed
from keras_recipe.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of stage 6; refused at once where it cannot be used.

    Attributes:
        members: Trainings, one a seed; 0: only what `search` holds.
        search: As `Library.of` takes it.
        budget: Seconds for all trainings together.
        distil: True, False, or what makes the student.
        average: Whether a moving average of the weights is compared.
        longer: Seconds for training on the best; None: as long as each training may take.
        most: Different models in the ensemble at most.

    Raises:
        InputError: One sentence says why.
    """

    members: Any
    search: Any
    budget: Any
    distil: Any
    average: Any
    longer: Any
    most: Any

    def __post_init__(self) -> None:
        """Refuse what cannot be used."""
        if self.members != 0 or isinstance(self.members, bool):
            refuse_unless_count("`members`", self.members)
        elif self.search is None:
            msg = "With members=0 there must be models in `search`."
            raise InputError(msg)
        refuse_unless_count("`most`", self.most)
        refuse_unless_seconds(self.budget)
        if self.longer is not None and (self.longer != 0 or isinstance(self.longer, bool)):
            refuse_unless_seconds(self.longer, "longer")
        if not isinstance(self.distil, bool) and not callable(self.distil):
            msg = f"`distil` must be True, False or a function. Received: {self.distil!r}"
            raise InputError(msg)
        _ = Library.of(self.search)

    def wishes(self, steps: int, batch_size: int, seed: int) -> Wishes:
        """Return what is to be done, with each training's equal part of the time."""
        pairs = min(PAIRS, self.members) if self.average and self.members > 1 else 0
        taught = 2 * PATIENCE * bool(self.distil)  # the student and its twin
        parts = self.members + pairs + taught + (self.longer is None)
        left = self.budget - (self.longer or 0.0)
        each = left / max(parts, 1) if math.isfinite(left) else None
        if each is not None and each <= 0:
            msg = f"`longer` ({self.longer} s) leaves nothing of `budget` ({self.budget} s)."
            raise InputError(msg)
        return Wishes(
            members=self.members,
            seed=seed,
            steps=steps,
            batch_size=batch_size,
            seconds=each,
            library=Library.of(self.search),
            average=bool(self.average),
            student=self.distil,
            longer=float((each or 0.0) if self.longer is None else self.longer),
            most=self.most,
        )


def squeeze(ground: Ground, request: Request, *, force: bool, verbose: Any) -> Squeezed:
    """Do stage 6: the last one, which leaves nothing but its result and its files.

    Args:
        ground: The program; what its last ladder or search kept is made in every training.
        request: What is asked.
        force: Start although a check of an earlier stage FAILs.
        verbose: As `progress_of` takes it.
    """
    held, test = ground.rows.held(), ground.rows.test()
    subject = ground.begin("6", force=force)
    judge = functools.partial(HeldOut, model=ground.model, task=subject.task)
    given, steps, size = _program(ground, subject)
    with progress_of(verbose) as progress:
        juice = Squeeze(
            build=ground.build if given is None else given.build,
            moves=() if given is None else given.moves,
            train=ground.rows.train(),
            held=judge(rows=held),
            test=None if test is None else judge(rows=test, split="test"),
            wishes=request.wishes(steps, size, ground.seed),
            folder=ground.place("squeeze"),
            progress=progress,
        ).run()
    path = ground.place("ensemble.keras")
    found = Squeezed(juice=juice, path=path and _saved(juice, path))
    ground.judge("squeezing", found.record, subject)
    return found


def _program(ground: Ground, subject: Subject) -> tuple[Trial | Tuned | None, int, int]:
    """Return what the last stages made of the program, with steps and rows of a training."""
    steps, size = ground.steps(subject), subject.settings().batch_size
    ladder = ground.kept or ground.grown
    if ground.tuned is not None or ladder is None:
        return ground.tuned, steps, size
    # what an earlier ladder made longer is in its budget, not among its own moves
    budget = ladder.trial.budget
    return ladder.trial, budget.steps or steps, budget.batch_size


def _saved(juice: Juice, path: Path) -> Path | None:
    """Write the model whole or not at all; None where Keras cannot."""
    half = path.with_name(f"half-{path.name}")
    try:
        juice.model.save(half)
    except Exception as error:  # noqa: BLE001  own layers that cannot be written: each its own
        half.unlink(missing_ok=True)
        left_out: Any = juice.record.left_out
        left_out["file"] = f"Keras cannot write the model: {said(error)}"
        return None
    half.replace(path)
    return path
