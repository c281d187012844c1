"""How far weights went, from a sample of them."""

import numpy as np
import pytest

from keras_recipe.callbacks.travel import ELEMENTS, sampled, travel


def test_a_weight_that_doubled_moved_by_its_own_size():
    start = {"a/kernel": np.ones((3, 4), "float32")}
    before = sampled(start)
    start["a/kernel"] *= 2  # the sample is a copy
    found = travel(before, start)
    assert found == {"a/kernel": {"moved": pytest.approx(1.0), "grew": pytest.approx(2.0)}}


def test_weights_that_began_at_zero_or_are_gone_are_left_out():
    before = sampled({"a/bias": np.zeros(3), "b/kernel": np.ones(3), "c/kernel": np.ones(3)})
    after = {"a/bias": np.ones(3), "c/kernel": np.ones(4)}
    assert travel(before, after) == {}


def test_a_large_weight_is_sampled_evenly():
    generator = np.random.default_rng(0)
    weight = generator.normal(size=(300, 500))
    before = sampled({"w": weight})
    assert before["w"].size <= ELEMENTS
    change = 0.1 * generator.normal(size=weight.shape)
    expected = np.linalg.norm(change) / np.linalg.norm(weight)
    assert travel(before, {"w": weight + change})["w"]["moved"] == pytest.approx(expected, 0.05)
