"""What a search found: its trials as a table, the pictures and the best model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.retraining import Retrained, length
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.searched import Searched
from keras_recipe.experiments.trial_move import Move, same
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.reports import trials as shown
from keras_recipe.search.space import fixed
from keras_recipe.surgery.preserve import random_states


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """Trials of one search; a table, and with pictures in a notebook.

    Attributes:
        record: Method, axes and trials.
        plan: As it was asked for.
        build: The hypermodel.
        rows: Training and validation rows.
    """

    record: Searched
    plan: Any
    build: Any
    rows: tuple[Batch, Batch]

    @property
    def trials(self) -> tuple[SearchTrial, ...]:
        """Every trial in the order it was begun; failed ones too."""
        return self.record.trials

    @property
    def best(self) -> SearchTrial:
        """The best trial."""
        return self.record.best

    @cached_property
    def model(self) -> Any:
        """The best trial's model: from its file, else trained again with its settings.

        The file has the weights the trial was judged by. Without one (a search without a
        folder, a model that Keras cannot write, a file that is gone) the best setting is
        trained anew with the trial's seed for as many epochs as it took to its best: the rows
        come in another order, so weights and score are others than the trial's, near as they
        may be.

        Raises:
            InputError: It cannot be trained again.
        """
        best, (train, validation) = self.best, self.rows
        build = fixed(self.build, best.hyperparameters)
        if best.path is not None and best.path.exists():
            with random_states(best.seed):
                model = build()
                if not model.built:
                    model.predict_on_batch(train.take(slice(0, 1)).x)
                model.optimizer.build(model.trainable_variables)
            model.load_weights(best.path)  # own losses and layers need not be registered
            return model
        size = int(best.hyperparameters.get("batch_size", self.plan.batch_size))
        again = Trial(
            build=build,
            moves=(length(best.epoch + 1),),
            seed=best.seed,
            train=train,
            validation=validation,
            budget=Budget(batch_size=size),
        )
        record, model = again.trained()
        if model is None:
            msg = f"The best setting cannot be trained again: {record.message}"
            raise InputError(msg)
        return model

    def with_retrained(self, found: Retrained) -> SearchResult:
        """Return the result with the trainings over several seeds."""
        return replace(self, record=replace(self.record, retrained=found))

    def pictures(self) -> list[dict[str, Any]]:
        """Return parallel coordinates, and importance where it can be told."""
        return self.record.pictures()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without models and rows."""
        return self.record.to_dict()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show the trials in a terminal."""
        del console, options
        yield shown.table(self.to_dict())

    def __str__(self) -> str:
        """Return the trials as text."""
        return shown.render(self.to_dict())

    def _repr_html_(self) -> str:
        return shown.notebook(self.to_dict(), self.pictures())


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The program a search ended with, for the stage after it.

    Attributes:
        build: Makes the winner, compiled.
        moves: What else its trainings need: settings of `fit` and rows.
    """

    build: Callable[[], Any]
    moves: tuple[Move, ...]


def winner(found: SearchResult, kept: Sequence[Move]) -> Tuned | None:
    """Return the winner if it was proved better than the start (KR504), by the objective.

    Args:
        found: With the winner trained anew.
        kept: What a ladder kept; its changes of the model are in the winner already.
    """
    again = found.record.retrained
    if again is None or again.over_start is None or not again.over_start.beyond:
        return None
    values = found.best.hyperparameters
    moves = [replace(move, change=same) for move in kept]
    fit = {"epochs": found.best.epoch + 1}
    if "batch_size" in values:
        fit["batch_size"] = int(values["batch_size"])
    moves.append(Move(name="tuned", text="length and batch size of the winner", fit=fit))
    return Tuned(build=fixed(found.build, values), moves=tuple(moves))
