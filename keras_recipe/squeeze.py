"""Stage 6 on a recipe's program: the arguments looked at, the parts put together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.library import Library
from keras_recipe.ensemble.squeeze import PAIRS, Juice, Squeeze, Wishes
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.experiments.ladder import LadderResult
from keras_recipe.experiments.trial_move import refuse_unless_count
from keras_recipe.experiments.trial_run import Trial
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
        log_dir: Folder of the recipe; None: nothing is written.

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
    log_dir: Path | None

    def __post_init__(self) -> None:
        """Refuse what cannot be used."""
        if self.members != 0 or isinstance(self.members, bool):
            refuse_unless_count("`members`", self.members)
        elif self.search is None:
            msg = "With members=0 there must be models in `search`."
            raise InputError(msg)
        refuse_unless_count("`most`", self.most)
        for name, least in (("budget", 0.0), ("longer", -1.0)):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and value > least) and not (name == "longer" and value is None):
                msg = f"`{name}` must be a number of seconds above 0. Received: {value!r}"
                raise InputError(msg)
        if not isinstance(self.distil, bool) and not callable(self.distil):
            msg = f"`distil` must be True, False or a function. Received: {self.distil!r}"
            raise InputError(msg)
        _ = Library.of(self.search)

    def wishes(self, steps: int, batch_size: int, seed: int) -> Wishes:
        """Return what is to be done, with each training's equal part of the time."""
        pairs = min(PAIRS, self.members) if self.average and self.members > 1 else 0
        parts = self.members + pairs + bool(self.distil) + (self.longer is None)
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


def squeeze(
    request: Request,
    program: Any,
    model: Any,
    subject: Subject,
    rows: tuple[Batch, Batch, Batch | None],
    *,
    steps: int,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
) -> Squeezed:
    """Do stage 6.

    Args:
        request: What is asked.
        program: What makes a fresh compiled model; or the last ladder or search: what they
            kept is made in every training.
        model: The recipe's model, whose loss judges; it is left as it was.
        subject: What is examined.
        rows: Training, validation and test rows.
        steps: Of a training; a ladder's own are taken where there is one.
        seed: The first seed.
        progress: Called with a text before each part.
    """
    given: Trial | Tuned | None = program if isinstance(program, Tuned) else None
    size = subject.settings().batch_size
    if isinstance(program, LadderResult):
        # what an earlier ladder made longer is in its budget, not among its own moves
        given, budget = program.trial, program.trial.budget
        steps, size = budget.steps or steps, budget.batch_size
    trial = given
    task, test = subject.task, rows[2]
    made = Squeeze(
        build=program if trial is None else trial.build,
        moves=() if trial is None else trial.moves,
        train=rows[0],
        held=HeldOut(model=model, rows=rows[1], task=task),
        test=None if test is None else HeldOut(model=model, rows=test, task=task, split="test"),
        wishes=request.wishes(steps, size, seed),
        folder=None if request.log_dir is None else request.log_dir / "squeeze",
        progress=progress,
    )
    juice = made.run()
    path = None if request.log_dir is None else request.log_dir / "ensemble.keras"
    return Squeezed(juice=juice, path=path and _saved(juice, path))


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
