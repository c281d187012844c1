import numpy as np
import pytest
from keras import layers as L
from sklearn import datasets
from specimens import compiled, subject

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.capacity import Twins, outgrown
from keras_recipe.surgery.widen import cloned


def circles():
    x, y = datasets.make_circles(600, noise=0.08, factor=0.5, random_state=0)
    return x.astype("float32"), y.astype("float32")


def both(units, **settings):
    stack = L.Dense(units, activation="relu", name="d"), L.Dense(1, activation="sigmoid")
    model = compiled(*stack, shape=(2,), loss="binary_crossentropy")
    made = subject(model, *circles())
    makers = (lambda: cloned(model)), (lambda: cloned(model, {"d": 32}))
    splits = made.sample.take(slice(0, 400)), made.sample.take(slice(400, None))
    limits = {"steps": 300, "batch_size": 32, "seconds": 600, "enough": 0.75, **settings}
    return outgrown(makers, model.loss, splits, made.task, **limits)


def test_a_wider_twin_is_ahead_at_every_seed():
    twins = both(1)
    assert len(twins.narrow) == len(twins.wide) == 3
    assert twins.gap > 0.3


def test_a_net_that_is_enough_ends_it_at_once():
    assert len(both(24, enough=0.5).narrow) == 1


def test_seeds_differ_and_runs_do_not():
    twins = both(1, steps=60)
    assert len(set(twins.wide)) > 1
    np.testing.assert_allclose(both(1, steps=60).wide, twins.wide, atol=0.02)


def test_the_gap_is_between_the_worst_and_the_best():
    assert Twins(1, [0.1, 0.3], [0.9, 0.5], 0.0).gap == pytest.approx(0.2)


def test_no_time():
    with pytest.raises(NotApplicable, match="takes more than 0 s"):
        both(1, seconds=0)
