"""One training a seed, kept on disk; and what a moving average does at equal steps."""

import json

import keras
import numpy as np
import pytest
from climbing import build, rows
from one_backend import ONE_BACKEND

from keras_recipe.core.errors import InputError
from keras_recipe.ensemble.train import AVERAGED, Trainings, file_name
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.loss import data_loss, predict

VALIDATION = rows(96, 224)


def trainings(folder=None, made=build):
    trial = Trial(build=made, train=rows(), validation=VALIDATION, budget=Budget(steps=30))
    return Trainings(trial, folder)


def test_each_seed_is_another_model_and_the_record_is_its_own(tmp_path):
    found = trainings(tmp_path).run([3, 4])
    assert [one.record.seed for one in found] == [3, 4]
    assert found[0].record.score != found[1].record.score
    for one in found:
        loss = data_loss(one.model, VALIDATION, predict(one.model, VALIDATION.x))
        assert loss == pytest.approx(one.record.score, rel=1e-5)


def test_what_is_on_disk_is_not_trained_again(tmp_path):
    first = trainings(tmp_path).run([0, 1])
    lines = (tmp_path / "members.jsonl").read_text()
    again = trainings(tmp_path).run([0, 1])
    assert (tmp_path / "members.jsonl").read_text() == lines
    for one, other in zip(first, again, strict=True):
        assert one.record == other.record
        for a, b in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        assert int(other.model.optimizer.iterations) == 30


@ONE_BACKEND
def test_a_kill_between_two_trainings_loses_none_and_repeats_none(tmp_path):
    whole = trainings(tmp_path / "whole").run([0, 1])
    trainings(tmp_path / "killed").run([0])
    with (tmp_path / "killed" / "members.jsonl").open("a") as file:
        file.write('{"key": "start, se')  # killed while it wrote
    (tmp_path / "killed" / "half-start--seed-1.weights.h5").write_text("half")
    found = trainings(tmp_path / "killed").run([0, 1])
    assert [one.record.timeless() for one in found] == [one.record.timeless() for one in whole]
    lines = (tmp_path / "killed" / "members.jsonl").read_text().splitlines()
    assert [json.loads(line)["seed"] for line in lines[1:]] == [0, 1]


def test_a_copy_is_another_object_in_the_same_state(tmp_path):
    made = trainings(tmp_path)
    one = made.run([0])[0]
    copy = made.copy(one)
    assert copy is not one.model
    copy.fit(rows().x, rows().y, verbose=0)
    assert int(copy.optimizer.iterations) == 33
    assert int(one.model.optimizer.iterations) == 30
    with pytest.raises(InputError, match="folder"):
        trainings().copy(one)


def test_averaged_weights_take_as_many_steps_and_end_with_the_average(tmp_path):
    plain, averaged = trainings(tmp_path).run([0], [(), (AVERAGED,)])
    assert plain.record.steps == averaged.record.steps == 30
    assert averaged.model.optimizer.use_ema
    inner = averaged.model.optimizer
    for weight, kept in zip(
        averaged.model.trainable_variables, inner._model_variables_moving_average, strict=True
    ):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(weight), keras.ops.convert_to_numpy(kept)
        )
    assert plain.record.score != averaged.record.score
    first = predict(averaged.model, VALIDATION.x)
    averaged.model.fit(rows().x, rows().y, verbose=0)  # on JAX the arrays would be gone
    assert np.isfinite(predict(averaged.model, VALIDATION.x)).all()
    assert first.shape == (128, 10)


def test_a_training_that_fails_has_a_record_and_no_model(tmp_path):
    found = trainings(tmp_path, lambda: build(rate=1e38)).run([0])[0]
    assert found.model is None
    assert found.record.status == "failed"
    again = trainings(tmp_path, lambda: build(rate=1e38)).run([0])[0]
    assert again.model is None


def test_a_folder_of_another_program_or_a_damaged_file_is_refused(tmp_path):
    trainings(tmp_path).run([0])
    with pytest.raises(InputError, match="belongs to another run"):
        trainings(tmp_path, lambda: build(units=8)).run([0])
    (tmp_path / f"{file_name('start, seed 0')}.weights.h5").write_text("no weights")
    with pytest.raises(InputError, match="does not hold the weights"):
        trainings(tmp_path).run([0])


def test_the_same_moves_with_other_settings_are_other_trainings(tmp_path):
    def tuned(epochs):
        move = Move(name="tuned", text="the winner's", fit={"epochs": epochs})
        trial = Trial(
            build=build,
            moves=(move,),
            train=rows(),
            validation=VALIDATION,
            budget=Budget(steps=30),
        )
        return Trainings(trial, tmp_path).run([0], [(move,)])

    assert tuned(1)[0].record.steps == 3
    with pytest.raises(InputError, match=r"another run \(moves differ"):
        tuned(2)
