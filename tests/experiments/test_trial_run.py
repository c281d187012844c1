import random

import keras
import numpy as np
import pytest
from climbing import FASTER, LONGER, build, rows

from keras_recipe.backend import current
from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_run import POINTS, Budget, Trial


def trial(*moves, made=build, budget=None, **fields):
    return Trial(
        build=made,
        moves=moves,
        train=rows(),
        validation=rows(96, 224),
        budget=budget or Budget(steps=20),
        **fields,
    )


def change(**fields):
    return Move(**{"name": "change", "text": "", **fields})


def test_the_seed_decides_everything():
    def noisy():
        return build(dropout=0.5)

    first, again = (trial(made=noisy, seed=3).run() for _ in range(2))
    assert first.timeless() == again.timeless()
    assert first.status == "done"
    assert first.steps == 21  # 3 steps an epoch, 7 epochs
    assert set(first.curves) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(curve) for curve in first.curves.values()} == {7}
    assert trial(made=noisy, seed=4).run().score != first.score


def _draws():
    return keras.ops.convert_to_numpy(keras.random.uniform((2,))).tolist(), random.random()


def test_the_global_generators_go_on_as_if_nothing_had_been():
    _draws()  # Keras makes its generator when it is first asked
    before, state = np.random.get_state()[1].copy(), repr(current().rng_state())
    expected = random.getstate()
    trial(seed=1).run()
    assert np.array_equal(np.random.get_state()[1], before)
    assert random.getstate() == expected
    assert repr(current().rng_state()) == state
    keras.utils.set_random_seed(1)
    plain = [_draws(), _draws()]
    keras.utils.set_random_seed(1)
    split = [_draws()]
    trial(seed=5).run()
    assert [*split, _draws()] == plain


def test_a_model_alone_stays_what_it_is_and_differs_by_seed():
    model = build()
    before = [np.array(w) for w in model.get_weights()]
    scores = [trial(made=model, seed=seed).run().score for seed in (0, 0, 1)]
    assert scores[0] == scores[1] != scores[2]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 0


def test_the_data_is_not_written_to():
    one = trial(change(data=lambda given: given.take(slice(0, 50))))
    before = one.train.x.copy()
    one.run()
    np.testing.assert_array_equal(one.train.x, before)


def test_moves_are_made_in_order_and_only_they_differ():
    plain, fast = trial().run(), trial(FASTER).run()
    assert (plain.key, fast.key) == ("start, seed 0", "faster, seed 0")
    assert fast.moves == ("faster",)
    assert fast.score < plain.score
    both = trial(FASTER, LONGER).run()
    assert both.key == "faster + longer, seed 0"
    assert both.steps > 40 - POINTS
    assert both.score < fast.score


def test_a_change_that_changes_nothing_gives_the_same_bits():
    again = trial(change(change=lambda model: model)).run()
    assert again.score == trial().run().score


def test_the_loss_can_be_that_of_the_training_rows_without_penalties():
    def decayed():
        model = keras.Sequential(
            [
                keras.Input((64,)),
                keras.layers.Dense(10, activation="softmax", kernel_regularizer="l2"),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    record, model = trial(made=decayed, monitor="loss").trained()
    given = rows()
    plain = keras.losses.SparseCategoricalCrossentropy()(given.y, model(given.x))
    assert record.score == pytest.approx(float(keras.ops.convert_to_numpy(plain)), rel=1e-4)
    assert record.curves["loss"][-1] > record.score


def test_the_training_rows_are_scored_as_they_were_given():
    half = change(data=lambda given: given.take(slice(0, 48)))
    record, model = trial(half).trained()
    given = rows()
    plain = keras.losses.SparseCategoricalCrossentropy()(given.y, model(given.x))
    expected = float(keras.ops.convert_to_numpy(plain))
    assert record.train_score == pytest.approx(expected, rel=1e-4)
    assert record.train_score != record.score
    alone = trial(monitor="loss").run()
    assert alone.train_score == alone.score


def test_a_budget_in_seconds_ends_it():
    alone = trial(budget=Budget(seconds=0.05)).run()
    assert alone.status == "done"
    assert alone.steps > 1
    both = trial(budget=Budget(steps=10**7, seconds=0.05)).run()
    assert both.status == "stopped"
    assert "the time was spent after" in both.message


def test_callbacks_of_a_move_are_copied_for_each_training():
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=100.0)
    for _ in range(2):
        assert trial(change(fit={"callbacks": [stop]})).run().steps == 6  # two epochs
    assert stop.model is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"change": lambda model: model.no_such_thing}, "no_such_thing"),
        ({"data": lambda given: Batch(given.x[:, :3], given.y)}, ""),
        ({"change": lambda _: _regressor()}, "changes the loss"),
    ],
    ids=["raises", "misfits", "other loss"],
)
def test_a_move_that_fails_is_a_record(fields, message):
    record = trial(change(**fields)).run()
    assert record.status == "failed"
    assert message in record.message
    assert record.score is None
    assert record.message


def _regressor():
    model = build()
    model.compile("sgd", "mse")
    return model


def test_a_loss_that_is_no_number_is_a_failure():
    def explode(model):
        model.optimizer.learning_rate = 1e38
        return model

    record = trial(change(change=explode, fit={"epochs": 50})).run()
    assert record.status == "failed"
    assert "the loss is" in record.message
    assert record.steps < 150
    assert TrialRecord.from_dict(record.to_dict()).status == "failed"


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (lambda: trial(change(change=lambda _: None)), "must return a compiled keras.Model"),
        (lambda: trial(change(data=lambda _: None)), "must return a Batch"),
        (lambda: trial(made=lambda: build().layers[0]), "must return a compiled keras.Model"),
        (lambda: trial(made=_misfit), "The program as it is cannot be trained"),
    ],
)
def test_what_is_no_program_is_refused(one, message):
    with pytest.raises(InputError, match=message):
        one().run()


def _misfit():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
