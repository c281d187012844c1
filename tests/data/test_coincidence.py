"""Equal rows that chance explains, and those that it does not."""

import numpy as np
import pytest

from keras_recipe.data.coincidence import are_tokens, chance_of_equal_rows, expected_share

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("bits", [2, 6, 10])
def test_independent_bits(bits):
    x = RANDOM.integers(0, 2, (1000, bits)).astype("float32")
    assert chance_of_equal_rows([x]) == pytest.approx(2.0**-bits, rel=0.3)


def test_copies_do_not_raise_the_chance():
    x = RANDOM.standard_normal((100, 8))[RANDOM.integers(0, 100, 1000)].astype("float32")
    assert expected_share(chance_of_equal_rows([x]), 1000) < 0.2


def test_grades_of_a_single_column():
    grades = RANDOM.integers(0, 100, (1000, 1)).astype("float32")
    assert 0.01 < chance_of_equal_rows([grades]) < 0.1
    assert chance_of_equal_rows([(grades - 50) / 29]) == pytest.approx(0.03, rel=0.3)
    assert chance_of_equal_rows([RANDOM.random((1000, 1))]) < 1e-3


def test_frequent_values_count_by_their_frequency():
    x = np.where(RANDOM.random((1000, 1)) < 0.8, 0, RANDOM.random((1000, 1)))
    assert chance_of_equal_rows([x]) == pytest.approx(0.64, rel=0.2)


def test_text_and_several_inputs():
    words = RANDOM.choice(["a", "b"], (500, 1))
    bits = RANDOM.integers(0, 2, (500, 2))
    assert chance_of_equal_rows([words, bits]) == pytest.approx(1 / 8, rel=0.3)


def test_expected_share():
    assert expected_share(1.0, 10) == pytest.approx(1)
    assert expected_share(1e-4, 1000) == pytest.approx(0.095, abs=0.001)


def test_what_are_tokens():
    assert are_tokens([RANDOM.integers(0, 9, (50, 4))])
    assert not are_tokens([RANDOM.random((50, 4))])
    assert not are_tokens([RANDOM.integers(0, 9, (50, 4, 4, 1))])
