"""The moves that keep a model from learning by heart, in the order of the essay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.experiments.ladder import LadderResult, Rung
from keras_recipe.experiments.learning_curve import LearningCurve
from keras_recipe.experiments.moves_augmentation import augmentation
from keras_recipe.experiments.moves_inputs import smaller_input
from keras_recipe.experiments.moves_penalty import dropout, weight_decay
from keras_recipe.experiments.moves_pretrained import pretrained
from keras_recipe.experiments.moves_size import larger_model, smaller_model
from keras_recipe.experiments.moves_synthetic import synthetic
from keras_recipe.experiments.moves_training import early_stopping, smaller_batch
from keras_recipe.experiments.noise import Gain, paired_gain
from keras_recipe.experiments.program import Program
from keras_recipe.experiments.trial_move import Move

MORE_DATA = "more data"
OWN = "own"  # the family of the caller's moves

#: What makes the moves of each family; in the order of the essay's fourth stage.
_MAKERS: Mapping[str, Callable[[Program, dict[str, str]], list[Move]]] = {
    "augmentation": augmentation,
    "synthetic data": lambda program, _: synthetic(program),
    "pretrained": lambda program, _: pretrained(program),
    "smaller input": lambda program, _: smaller_input(program),
    "smaller model": smaller_model,
    "smaller batch": lambda program, _: smaller_batch(program),
    "dropout": lambda program, _: dropout(program),
    "weight decay": lambda program, _: weight_decay(program),
    "early stopping": lambda program, _: early_stopping(program),
    "larger model": lambda program, _: larger_model(program),
}
FAMILIES = (MORE_DATA, *_MAKERS)


@dataclass(frozen=True, kw_only=True)
class Regularization:
    """What can be tried on one program.

    Attributes:
        moves: In the order to try them.
        families: Family of each move, by its name.
        left_out: Family or name of each move that is not tried, and why.
        curve: Whether the learning curve is wanted.
    """

    moves: tuple[Move, ...]
    families: Mapping[str, str]
    left_out: Mapping[str, str]
    curve: bool


def wanted_moves(moves: Any) -> tuple[tuple[str, ...], tuple[Move, ...]]:
    """Return the families and the own moves that a caller asks for.

    Args:
        moves: None for all families, or names of families and `Move`s in any order.

    Raises:
        InputError: It is neither.
    """
    if moves is None:
        return FAMILIES, ()
    given = [moves] if isinstance(moves, str | Move) else list(moves)
    names = [one for one in given if not isinstance(one, Move)]
    wrong = [one for one in names if one not in FAMILIES]
    if wrong or not given:
        msg = (
            f"`moves` takes Moves and names of {', '.join(map(repr, FAMILIES))}. "
            f"Received: {wrong[0] if wrong else moves!r}"
        )
        raise InputError(msg)
    return tuple(one for one in FAMILIES if one in names), tuple(
        one for one in given if isinstance(one, Move)
    )


def regularization(program: Program, moves: Any = None) -> Regularization:
    """Return the moves that may help a program that learns its training rows.

    Args:
        program: What is changed; call this under `random_states`.
        moves: As `wanted_moves` takes it.

    Raises:
        InputError: `moves`, `pretrained` or `synthetic` cannot be used.
    """
    wanted, own = wanted_moves(moves)
    found: list[Move] = []
    families: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for family in wanted:
        if family == MORE_DATA:
            continue
        try:
            made = _MAKERS[family](program, left_out)
        except NotApplicable as reason:
            left_out[family] = str(reason)
            continue
        if not made:
            left_out[family] = "each of its ways was left out"
        found += made
        families |= {move.name: family for move in made}
    for family in FAMILIES:
        if family not in wanted:
            left_out[family] = "it was not asked for"
    families |= {move.name: OWN for move in own}
    return Regularization(
        moves=(*found, *own),
        families=families,
        left_out=left_out,
        curve=MORE_DATA in wanted,
    )


@dataclass(frozen=True, kw_only=True)
class Step:
    """One move that was tried.

    Attributes:
        family: What kind of move it is.
        rung: The rung: its gain in validation, whether it was kept, and why.
        train: What it gained on the training rows; None where nothing can be compared.
    """

    family: str
    rung: Rung
    train: Gain | None


@dataclass(frozen=True, kw_only=True)
class Climbed:
    """What came of trying to regularise a program.

    Attributes:
        ladder: Every rung with its trainings.
        plan: What was to be tried, and what was left out.
        curve: The learning curve; None where it was not asked for.
    """

    ladder: LadderResult
    plan: Regularization
    curve: LearningCurve | None = None

    @property
    def steps(self) -> list[Step]:
        """The moves that were tried, in order, each against the best before it."""
        found, best = [], self.ladder.rungs[0]
        for rung in self.ladder.rungs[1:]:
            family = self.plan.families.get(rung.move.name, OWN)
            found.append(Step(family=family, rung=rung, train=_train_gain(best, rung)))
            best = rung if rung.kept else best
        return found

    def of(self, family: str) -> list[Step]:
        """Return the moves of one family that were tried.

        Raises:
            NotApplicable: None was; the message is the reason.
        """
        found = [step for step in self.steps if step.family == family]
        if not found:
            raise NotApplicable(self.plan.left_out.get(family, "it was not tried"))
        return found


def _train_gain(best: Rung, rung: Rung) -> Gain | None:
    """Return the gain on the training rows, paired by seed."""
    scores: Sequence[dict[int, float | None]] = [
        {record.seed: record.train_score for record in one.records if record.judged}
        for one in (best, rung)
    ]
    pairs = [
        (old, new)
        for seed, new in scores[1].items()
        if new is not None and (old := scores[0].get(seed)) is not None
    ]
    if len(pairs) < 2:
        return None
    before, after = zip(*pairs, strict=True)
    return paired_gain(before, after)
