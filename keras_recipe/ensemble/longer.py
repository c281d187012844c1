"""Leave it training: on from a checkpoint for as long as the clock allows, through kills."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import joblib
import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.clock import TimeBudget
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.experiments.squeezing import Longer
from keras_recipe.experiments.trial_model import model_form
from keras_recipe.experiments.trial_rows import SeededRows
from keras_recipe.loss import predict
from keras_recipe.surgery.averages import averages, own_arrays

ENDLESS = 10**9  # epochs
LEAST_PIECE = 50  # steps between two looks at the held-out rows, as a `Trial` without an end
_WEIGHTS, _PLACE = "latest.weights.h5", "training_metadata.json"  # BackupAndRestore's files


class _Later(SeededRows):
    """The seeded rows from some batch on, so that a new start does not see the first again."""

    def __init__(self, rows: Batch, batch_size: int, seed: int, start: int) -> None:
        super().__init__(rows, batch_size, seed)
        self._start = start

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return batch `start + index`."""
        return super().__getitem__(self._start + index)


class _Kept(keras.callbacks.Callback):
    """Looks at the held-out rows after each epoch, and keeps the best weights and its place.

    Stands before `BackupAndRestore`, so that a kill between the two repeats an epoch and
    loses none; where the optimizer averages the weights after it and after `SwapEMAWeights`, so
    that the average is judged and what trains is backed up. Each file is whole or not there.
    """

    def __init__(
        self, folder: Path, held: HeldOut, clock: TimeBudget, state: dict[str, Any]
    ) -> None:
        super().__init__()
        self._folder, self._held, self._clock, self.state = folder, held, clock, state

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Judge, keep, write down."""
        del logs
        own_arrays(self.model)
        loss = self._held.loss(predict(self.model, self._held.rows.x))
        known = self.state["curve"][:epoch]  # a look that a kill prevented has no number
        curve = [*known, *[math.nan] * (epoch - len(known)), loss]
        best = self.state["best"]
        if math.isfinite(loss) and loss < best:
            _save(self.model, self._folder / "best.weights.h5")
            best = loss
        else:
            self.model.stop_training |= not math.isfinite(loss)
        steps = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        self.state |= {
            "curve": curve,
            "best": best,
            "seconds": self._clock.used,
            "steps": steps,
        }
        _write(self._folder / "state.json", self.state)


def leave_training(
    model: Any,
    train: Batch,
    held: HeldOut,
    *,
    folder: Path,
    seconds: float,
    batch_size: int = 32,
    seed: int = 0,
    epochs: int | None = None,
) -> tuple[Longer, Any]:
    """Train a model on and say what the time bought.

    Weights, optimizer and place are on disk after each epoch; called again with the same
    folder after a kill, or with more `seconds`, it goes on there. The time of all starts
    counts together.

    Args:
        model: A compiled, trained model, or the path of its `.keras` file, optimizer state
            included; a model is trained on in place.
        train: Rows to train on.
        held: Held-out rows and how they are judged.
        folder: Where it keeps its place; its own.
        seconds: Of training, from the first step on.
        batch_size: Rows a step.
        seed: Decides the row order.
        epochs: Looks at the held-out rows at most; None: as many as the time allows.

    Returns:
        What it bought, and the model as it was best on the held-out rows, which may be as it
        began.

    Raises:
        InputError: The checkpoint or the folder cannot be used.
    """
    refuse_unwritable(folder, "folder")
    folder.mkdir(parents=True, exist_ok=True)
    model = opened(model)
    own_arrays(model)
    form = str(joblib.hash([model_form(model), train.parts(), held.rows.parts()]))
    state = _state(folder / "state.json", form) or _started(model, folder, held, form)
    model.load_weights(folder / "start.weights.h5")
    each = max(math.ceil(len(train) / batch_size), LEAST_PIECE)
    began = _place(folder / "backup", model, state["first"], each)
    clock = TimeBudget(seconds, state["seconds"])
    last = ENDLESS if epochs is None else epochs
    if began < last and state["seconds"] < seconds:
        kept = _Kept(folder, held, clock, state)
        model.fit(
            _Later(train, batch_size, seed, began * each),
            epochs=last,
            steps_per_epoch=each,
            callbacks=[clock, *_in_order(model, kept, folder / "backup")],
            shuffle=False,
            verbose=0,
        )
        own_arrays(model)
        state = kept.state
    return _bought(model, folder, held, state)


def _started(model: Any, folder: Path, held: HeldOut, form: str) -> dict[str, Any]:
    """Write down where it begins."""
    _save(model, folder / "start.weights.h5")
    begin, steps = held.loss(predict(model, held.rows.x)), _steps(model)
    state = {"form": form, "begin": begin, "best": begin, "curve": [], "seconds": 0.0}
    state |= {"steps": steps, "first": steps}
    (folder / "best.weights.h5").unlink(missing_ok=True)
    shutil.rmtree(folder / "backup", ignore_errors=True)
    _write(folder / "state.json", state)
    return state


def _bought(
    model: Any, folder: Path, held: HeldOut, state: dict[str, Any]
) -> tuple[Longer, Any]:
    """Return what came of it, and the model at its best."""
    model.load_weights(folder / "start.weights.h5")
    before = held.scores(predict(model, held.rows.x))
    if (folder / "best.weights.h5").exists():
        model.load_weights(folder / "best.weights.h5")
    after = held.scores(predict(model, held.rows.x))
    curve = (state["begin"], *state["curve"])
    longer = Longer(
        gain=held.gain(before, after),
        curve=curve,
        best_at=int(np.nanargmin(curve)) if np.isfinite(curve).any() else 0,
        seconds=state["seconds"],
        steps=state["steps"] - state["first"],
    )
    return longer, model


def opened(model: Any) -> Any:
    """Return a compiled model, from its `.keras` file where a path is given.

    Raises:
        InputError: There is no such model.
    """
    if isinstance(model, str | Path):
        path = Path(model)
        if not path.is_file():
            msg = f"There is no model file {str(path)!r}."
            raise InputError(msg)
        try:
            model = keras.saving.load_model(path)
        except Exception as error:  # damaged, foreign, own layers that are not registered
            msg = f"Keras cannot load {str(path)!r}: {said(error)}"
            raise InputError(msg) from error
    model = getattr(model, "recipe_inner", model)
    if not isinstance(model, keras.Model) or not model.built or not model.compiled:
        msg = f"A built and compiled keras.Model is needed. Received: {type(model).__name__}"
        raise InputError(msg)
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return model


def _in_order(model: Any, kept: _Kept, folder: Path) -> list[Any]:
    """Return the callbacks with Keras's own; its files stay, for a start with more time."""
    backup = keras.callbacks.BackupAndRestore(
        folder, double_checkpoint=True, delete_checkpoint=False
    )
    if averages(model):
        return [backup, keras.callbacks.SwapEMAWeights(swap_on_epoch=True), kept]
    return [kept, backup]


def _place(folder: Path, model: Any, first: int, each: int) -> int:
    """Load what `BackupAndRestore` will go on with and return its epoch; 0: there is nothing.

    A kill may leave a file half written. Keras falls back on its copies for one kind of damage
    to the weights; here they are put in the place of whatever cannot be read. Between the two
    files of one epoch a kill leaves the newer weights with the older epoch: the steps that the
    weights' optimizer has made say which epoch they are of.

    Args:
        folder: Of the backup.
        model: Gets the weights.
        first: Steps of the optimizer when it began.
        each: Steps of an epoch.
    """
    for suffix in ("", ".bkp"):
        for name in (_WEIGHTS, _PLACE) if suffix else ():
            if (folder / f"{name}{suffix}").exists():
                shutil.copy(folder / f"{name}{suffix}", folder / name)
        with suppress(Exception):  # half a file raises errors of many kinds
            place = json.loads((folder / _PLACE).read_text())
            model.load_weights(folder / _WEIGHTS)
            epoch = (_steps(model) - first) // each
            if epoch != int(place["epoch"]):
                _write(folder / _PLACE, {**place, "epoch": epoch})
            return epoch
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _state(path: Path, form: str) -> dict[str, Any] | None:
    """Return what an earlier start wrote, None where there was none.

    Raises:
        InputError: It was another model's or another data's.
    """
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError:
        found = {}
    if found.get("form") != form:
        msg = (
            f"{str(path)!r} belongs to another model or other data, or is damaged; give "
            "another folder, or delete it to begin anew."
        )
        raise InputError(msg)
    return found


def _steps(model: Any) -> int:
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


def _save(model: Any, path: Path) -> None:
    half = path.with_name(f"half-{path.name}")
    model.save_weights(half)
    half.replace(path)


def _write(path: Path, data: Mapping[str, Any]) -> None:
    half = path.with_name(f"half-{path.name}")
    half.write_text(json.dumps(data))
    half.replace(path)
