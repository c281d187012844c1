"""A student learns from the rows, with the settings and for as long as its twin does."""

import keras
import numpy as np
import pytest
from specimens import classifier, digits, subject

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble import student
from keras_recipe.ensemble.distill import Distilled
from keras_recipe.ensemble.train import Trainings
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_run import Budget, Trial

X, Y = digits()
ROWS = Batch(X[300:500], Y[300:500])
FEWER = Move(
    name="fewer", text="", data=lambda rows: rows.take(slice(64)), fit={"batch_size": 8}
)
AVERAGED = "averaged weights"


@pytest.fixture
def asked(monkeypatch):
    """What `distil` was asked for."""
    found = {}

    def distil(teacher, build, train, budget, *, seed):
        found.update(build=build, rows=len(train), budget=budget, seed=seed)
        return Distilled(model=build(), steps=budget.steps, stopped=True)

    monkeypatch.setattr(student, "distil", distil)
    return found


def trained(folder, build=classifier, **fields):
    trial = Trial(
        build=build, moves=(FEWER,), train=Batch(X[:300], Y[:300]), validation=ROWS,
        budget=Budget(steps=16), **fields,
    )  # fmt: skip
    return Trainings(trial, folder).run([5], [trial.moves])[0]


def held():
    model = classifier()
    return HeldOut(model=model, rows=ROWS, task=subject(model, X[:64], Y[:64]).task)


def test_student_and_twin_differ_in_the_teacher_alone(asked, tmp_path):
    one = trained(tmp_path / "members")
    model, taught = student.schooled(one.model, one, True, held(), tmp_path, test=held())
    assert (asked["rows"], asked["seed"]) == (64, 5)
    assert asked["budget"].batch_size == 8
    assert asked["budget"].steps == student.PATIENCE * 16
    assert not model.optimizer.use_ema
    line = (tmp_path / "members.jsonl").read_text().splitlines()[-1]
    assert '"fewer + 2 times as long, seed 5"' in line
    assert taught.on_single.after == taught.on_test.after
    assert taught.on_single.before != taught.on_ensemble.before
    assert taught.notes == ("the clock ended it after 32 of 32 steps",)


def test_long_trainings_average_their_weights(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(student, "LONG", 32)
    one = trained(tmp_path / "members")
    model, _ = student.schooled(one.model, one, True, held(), tmp_path)
    assert model.optimizer.use_ema
    assert AVERAGED in (tmp_path / "members.jsonl").read_text()


def test_another_student_has_a_twin_of_its_own(asked, tmp_path):
    def compiled():
        model = classifier()
        model.compile("rmsprop", "sparse_categorical_crossentropy")
        return model

    one = trained(tmp_path / "members")
    model, taught = student.schooled(one.model, one, compiled, held(), tmp_path)
    assert type(model.optimizer).__name__ == "RMSprop"
    assert np.isfinite(taught.on_single.gain)


def test_a_twin_that_cannot_be_trained_is_the_reason(asked, tmp_path):
    def broken():
        model = classifier()
        model.compile(keras.optimizers.SGD(float("nan")), "sparse_categorical_crossentropy")
        return model

    one = trained(tmp_path / "members")
    with pytest.raises(NotApplicable, match="without a teacher failed"):
        student.schooled(one.model, one, broken, held(), tmp_path)
