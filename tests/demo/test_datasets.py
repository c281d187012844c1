"""What the demo's data sets hold, and what is said where one is not to be had."""

import keras
import numpy as np
import pytest

from keras_recipe import demo
from keras_recipe.core.errors import ConfigError, InputError
from keras_recipe.demo.datasets import digits, named


def test_digits_are_cut_once_and_for_all():
    (x, y), (held, held_y) = digits()
    assert x.shape == (1400, 8, 8, 1)
    assert held.shape == (397, 8, 8, 1)
    assert 0 <= x.min() < x.max() <= 1
    assert set(y) == set(held_y) == set(range(10))
    assert np.array_equal(digits()[0][0], x)


@pytest.mark.parametrize("name", ["fashion_mnist", "fashion-mnist"])
def test_words_may_be_joined_either_way(name):
    assert named(name) == "fashion_mnist"


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'digits'"):
        demo.run(dataset="digitz", say=print)


@pytest.mark.parametrize("quick", [True, False])
def test_pictures_that_are_not_there_are_one_sentence(monkeypatch, tmp_path, quick):
    def gone():
        msg = "URL fetch failure"
        raise OSError(msg)

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", gone)
    with pytest.raises(InputError, match=r"nor can it be downloaded .*; use --dataset digits"):
        demo.run(dataset="fashion_mnist", log_dir=tmp_path / "log", quick=quick)
    assert not list(tmp_path.rglob("*.*"))
