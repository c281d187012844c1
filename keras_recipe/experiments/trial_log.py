"""The trials of a ladder as runs of TensorBoard, written by whatever writer is handed in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.experiments.trial_record import TrialRecord


class TrialLog:
    """Writes each trial once, whole or not at all, as `<log_dir>/ladder/<n>-<move>-seed<k>`.

    The tags are those of Keras: `epoch_<name>` in the runs `train` and `validation` below the
    trial's folder. The folder itself holds the settings for the HParams tab (each move on or
    off, the seed) with `ladder/score` and the last value of every log.

    Args:
        log_dir: Folder of the logs.
        board: Makes the writer of a folder: `keras_recipe.tensorboard.Writer`.
        moves: Names of all moves of the ladder, tried or not.

    Raises:
        InputError: `log_dir` cannot be written to.
    """

    def __init__(
        self, log_dir: Path, board: Callable[[Path], Any], moves: Sequence[str]
    ) -> None:
        refuse_unwritable(log_dir, "log_dir")
        self._folder, self._board, self._moves = log_dir / "ladder", board, moves

    def write(self, place: int, move: str, record: TrialRecord) -> None:
        """Write one trial, unless it is there.

        Args:
            place: Number of the rung.
            move: Name of its move.
            record: The trial.
        """
        safe = re.sub(r"[^\w.-]+", "_", move)
        folder = self._folder / f"{place:02d}-{safe}-seed{record.seed}"
        settings = {**{one: one in record.moves for one in self._moves}, "seed": record.seed}
        last = {name: values[-1] for name, values in record.curves.items() if len(values)}
        if record.score is not None:
            last["score"] = record.score
        write_run(
            folder,
            self._board,
            settings,
            last,
            record.curves,
            stage="ladder",
            step=record.steps,
        )


def write_run(
    folder: Path,
    board: Callable[[Path], Any],
    settings: Mapping[str, Any],
    values: Mapping[str, float],
    curves: Mapping[str, Sequence[float]],
    *,
    stage: str,
    step: int,
) -> None:
    """Write one training as a run of TensorBoard, whole or not at all; leave one that is there.

    Args:
        folder: Of the run.
        board: Makes the writer of a folder.
        settings: Its hyperparameters.
        values: What judges it, by name; their tags begin with `stage`.
        curves: Values an epoch by Keras's name of the log.
        stage: `"ladder"` or `"tune"`.
        step: Where `values` stand on the axis of steps.
    """
    if folder.exists():
        return
    half = folder.with_name(f".{folder.name}")  # renamed when whole
    shutil.rmtree(half, ignore_errors=True)
    with board(half) as writer:
        writer.hparams(settings)
        writer.hparams_config(settings, [f"{stage}/{name}" for name in values])
        for name, value in values.items():
            writer.scalar(f"{stage}/{name}", value, step)
        writer.hparams_end()
    for run, logs in _runs(curves).items():
        with board(half / run) as writer:
            for name, numbers in logs.items():
                for epoch, value in enumerate(numbers):
                    writer.scalar(f"epoch_{name}", value, epoch)
    half.rename(folder)


def _runs(curves: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Sequence[float]]]:
    """Return the curves by run and name, as Keras's own callback sorts them."""
    found: dict[str, dict[str, Sequence[float]]] = {}
    for name, values in curves.items():
        run = "validation" if name.startswith("val_") else "train"
        found.setdefault(run, {})[name.removeprefix("val_")] = values
    return found
