import healthy
import numpy as np
import pytest
from keras import layers as L
from specimens import compiled, digits, subject

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.duel import LIMITS, Duel, duels, losing, lost
from keras_recipe.surgery.preserve import preserve


def fresh(y=None, rows=300, **settings):
    x, labels = digits()
    model = compiled(L.Dense(8, activation="relu"), L.Dense(10, activation="softmax"))
    made = subject(model, x[:rows], labels[:rows] if y is None else y, **settings)
    return model, made.task, made.samples()


def held():
    x, y = digits()
    return {"validation_data": (x[600:900], y[600:900])}


def test_validation_rows_come_first():
    model, task, samples = fresh(**held())
    with preserve(model):
        duel = Duel(model, task.heads[0], samples, 0, 30)
        assert duel.splits == ("validation", "training")
        assert duel.kinds == ("linear", "neighbours")
        loss = lost(duel, **LIMITS)
    assert loss.proved
    assert loss.split == "validation"
    assert loss.standing.closed < 0.3


def test_without_them_neighbours_stand_aside():
    model, task, samples = fresh()
    with preserve(model):
        assert Duel(model, task.heads[0], samples, 0, 30).kinds == ("linear",)
        assert losing(model, task, samples)


def test_equal_rows_are_taken_once():
    model, task, samples = fresh()
    twice = {"training": samples["training"].take(np.arange(600) % 300)}
    with preserve(model):
        duel = Duel(model, task.heads[0], twice, 0, 30)
        assert duel.rows("training") == 300
        few = {"training": samples["training"].take(np.arange(300) % 10)}
        duel = Duel(model, task.heads[0], few, 0, 30)
    assert duel.repeated
    assert duel.rows("training") == 300


def test_labels_of_noise_are_lost_to_nobody():
    noise = np.random.RandomState(0).randint(0, 10, 300)
    model, task, samples = fresh(noise, **held())
    with preserve(model):
        assert not losing(model, task, samples)


def test_rows_of_no_weight_are_left_out():
    weights = (np.arange(300) % 2).astype("float32")
    model, task, samples = fresh(sample_weight=weights)
    with preserve(model):
        assert Duel(model, task.heads[0], samples, 0, 30).rows("training") == 150


def test_no_output_for_a_simple_model():
    model, x, y, settings = healthy.BUILDERS["autoencoder"]()
    made = subject(model, x, y, **settings)
    with preserve(model), pytest.raises(NotApplicable, match="picture"):
        duels(model, made.task, made.samples())
