"""One search: how it goes on where it was, and what it returns."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.journal import journal
from keras_recipe.experiments.retraining import retrained
from keras_recipe.experiments.search_axes import axes
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.searched import Searched
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.kept import KeptMoves
from keras_recipe.search.leading import Crew, forget, lead
from keras_recipe.search.plan import SearchPlan
from keras_recipe.search.result import SearchResult
from keras_recipe.search.run import Run, given, program
from keras_recipe.search.space import fixed
from keras_recipe.search.tuners import tuner


def search(  # noqa: PLR0913  what a search is made of
    build: Any,
    plan: SearchPlan,
    train: Batch,
    validation: Batch,
    *,
    moves: Sequence[Move] = (),
    folder: Path | None = None,
    board: Callable[[Path], Any] | None = None,
    progress: Callable[[str], None] = lambda _: None,
    crew: Crew | None = None,
) -> SearchResult:
    """Search with KerasTuner, or go on with a search that was stopped.

    Trials are told to KerasTuner's oracle in the order they were made in; those in the journal
    are not trained again. The global generators and the precision policy are put back.

    Args:
        build: As `space.hypermodel` takes it.
        plan: What is searched.
        train: Rows to train on.
        validation: Rows that judge.
        moves: What a ladder kept: made on each model, but for those that the search decides.
        folder: Of the journal `tune.jsonl`, the models and the runs of TensorBoard; None:
            nothing is kept.
        board: Makes the writer of a run: `keras_recipe.tensorboard.Writer`.
        progress: Called with a text before each trial.
        crew: Who trains the trials in processes of their own; None: this process.

    Raises:
        InputError: The program cannot be built, has nothing to search, every trial failed, a
            trial cannot be written down, or the journal is of another search.
    """
    if folder is not None:
        refuse_unwritable(folder, "log_dir")
    rows = (train, validation)
    scratch: Any = tempfile.TemporaryDirectory() if folder is None else nullcontext(str(folder))
    with scratch as place, program(build, plan, moves, rows) as (hyper, header):
        if crew is not None:
            header = {**header, "workers": True}  # they end trials in an order of their own
        path = None if folder is None else folder / "tune.jsonl"
        if path is not None and not path.exists():
            forget(Path(place) / "tune")
        with journal(path, header, SearchTrial) as book:
            run = Run.of(hyper, book, plan, folder, board, progress)
            for note in getattr(hyper.inner, "notes", ()):
                run.tell(note)
            if crew is None:
                made = tuner(run, Path(place) / "tune")
                made.search(**given(plan, rows))
                oracle = made.oracle
            else:
                oracle = lead(run, Path(place) / "tune", crew, header, moves)
    return _found(run, oracle, rows)


def _found(run: Run, oracle: Any, rows: tuple[Batch, Batch]) -> SearchResult:
    plan, target = run.plan, run.plan.target()
    records: Mapping[str, SearchTrial] = run.journal.records
    trials = tuple(records[key] for key in oracle.start_order if key in records)
    if trials and all(trial.status == "failed" for trial in trials):
        msg = f"All {len(trials)} trials failed; the first: {trials[0].message}"
        raise InputError(msg)
    inner, searched = run.hypermodel.inner, axes(oracle.get_space())
    names = [axis.name for axis in searched]
    record = Searched(
        method=plan.method,
        objective=target.name,
        direction=target.direction,
        axes=searched,
        trials=trials,
        notes=inner.left_out(names) if isinstance(inner, KeptMoves) else (),
    )
    return SearchResult(record=record, plan=plan, build=inner, rows=rows)


def _builder(inner: Any, values: Mapping[str, Any]) -> Callable[[], Any]:
    """Return what builds a setting; the start is what the ladder ended with.

    A winner is no gain if it only makes good for a move that the search left out.
    """
    start = inner.start if isinstance(inner, KeptMoves) else inner
    return fixed(inner if values else start, values)


def retrain(
    found: SearchResult,
    seeds: Sequence[int],
    progress: Callable[[str], None] = lambda _: None,
    folder: Path | None = None,
) -> SearchResult:
    """Return the result with winner, runner-up and start trained anew with each seed.

    Args:
        found: What `search` returned.
        seeds: At least two.
        progress: Called with a text before each training.
        folder: Of the journal `retrained.jsonl`; None: nothing is kept.

    Raises:
        InputError: Fewer than two seeds, or the journal is of another program.
    """
    again = retrained(
        found.record.ranked,
        functools.partial(_builder, found.build),
        found.rows,
        found.plan.batch_size,
        found.plan.epochs,
        seeds,
        progress,
        None if folder is None else folder / "retrained.jsonl",
        objective=found.record.objective,
        direction=found.record.direction,
    )
    return found.with_retrained(again)
