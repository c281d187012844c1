"""Many trials: one after the other here, or in processes of joblib's choosing."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Sequence
from typing import Any

import cloudpickle
import joblib
import keras

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.experiments import trial_child
from keras_recipe.experiments.trial_model import maker
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_run import Trial

_EMPTY = Batch(())


class _Parcel:
    """A trial without its data; called with the arrays it is the trial again.

    Large arrays travel beside it, because joblib shares those among the processes.
    """

    def __init__(self, trial: Trial) -> None:
        build = maker(trial.build)  # a model that is pickled alone loses part of its loss
        self._trial = dataclasses.replace(trial, build=build, train=_EMPTY, validation=None)
        self._form, self.arrays = _taken_apart(trial)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "arrays"}

    def __call__(self, arrays: Sequence[Any]) -> Trial:
        """Return the trial."""
        train, validation = keras.tree.pack_sequence_as(self._form, list(arrays))
        return dataclasses.replace(
            self._trial,
            train=Batch(*train),
            validation=None if validation is None else Batch(*validation),
        )


class _Pickler(cloudpickle.Pickler):
    """Pickles losses by their attributes.

    Keras 3.15 does it by their configurations, in which a Huber has no delta.
    """

    def reducer_override(self, given: Any) -> Any:
        """Say how `given` is made again."""
        if isinstance(given, keras.losses.Loss):
            return _loss_again, (type(given), dict(vars(given)))
        return super().reducer_override(given)


def _loss_again(kind: type, attributes: dict[str, Any]) -> Any:
    loss: Any = object.__new__(kind)
    vars(loss).update(attributes)
    return loss


def _taken_apart(trial: Trial) -> tuple[Any, list[Any]]:
    """Return the structure of a trial's data with a number for each array, and the arrays."""
    data = (trial.train.parts(), trial.validation and trial.validation.parts())
    flat = keras.tree.flatten(data)
    return keras.tree.pack_sequence_as(data, list(range(len(flat)))), flat


def _keras_settings() -> dict[str, Any]:
    policy = keras.config.dtype_policy()
    return {
        "backend": keras.config.backend(),
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "image_data_format": keras.config.image_data_format(),
        "dtype_policy": keras.saving.serialize_keras_object(policy)["config"]["name"],
    }


def _packed(trial: Trial) -> tuple[bytes, list[Any]]:
    parcel = _Parcel(trial)
    try:
        return pickled(parcel), parcel.arrays
    except Exception as error:  # what cannot be pickled raises errors of many kinds
        msg = (
            f"The trial {trial.key!r} cannot be sent to another process ({said(error)}); "
            "make `build` and `change` functions of plain data, or leave `parallel` out."
        )
        raise InputError(msg) from error


def pickled(given: Any) -> bytes:
    """Return something as bytes, of which `pickle.loads` makes it again in another process.

    Args:
        given: Functions may be a part of it, the caller's own ones too.
    """
    target = io.BytesIO()
    _Pickler(target).dump(given)
    return target.getvalue()


def run_all(trials: Sequence[Trial], parallel: int | None = None) -> Iterator[TrialRecord]:
    """Run trials and yield their records in the given order, each as soon as it is known.

    Args:
        trials: What to run.
        parallel: Processes, as joblib's `n_jobs`; None: what `joblib.parallel_config` says, 1
            outside of it. Within `parallel_config(backend="dask")` the trials run there.

    Raises:
        InputError: As `Trial.run`; or a trial cannot be sent to another process.
    """
    if joblib.effective_n_jobs(parallel) == 1:
        for trial in trials:
            yield trial.run()
        return
    settings, here = _keras_settings(), trial_child.process()
    packed = [_packed(trial) for trial in trials]
    tasks = (
        joblib.delayed(trial_child.run)(sent, arrays, settings, here) for sent, arrays in packed
    )
    try:
        runner = joblib.Parallel(n_jobs=parallel, return_as="generator", batch_size=1)
    except ValueError:  # this backend gives nothing back before all is done
        runner = joblib.Parallel(n_jobs=parallel, batch_size=1)
    for found in runner(tasks):
        yield TrialRecord.from_dict(found)
