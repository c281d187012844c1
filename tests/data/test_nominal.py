"""Names are told from amounts by what their neighbours say."""

import numpy as np
import pytest

from keras_recipe.data.nominal import nominal

ORDERED = {
    "line": lambda n, random: n,
    "square": lambda n, random: (n - n.mean()) ** 2,
    "step": lambda n, random: n > len(n) / 3,
    "band": lambda n, random: abs(n - len(n) / 2) < len(n) / 10,
    "hour": lambda n, random: np.sin(2 * np.pi * n / len(n)),
    "weekly": lambda n, random: random.standard_normal(7)[n % 7],
    "parity": lambda n, random: n % 2,
    "walk": lambda n, random: random.standard_normal(len(n)).cumsum(),
    "one code": lambda n, random: n == 5,
    "nothing": lambda n, random: 0 * n,
}


def table(effect, count=40, rows=1000, seed=0):
    """A table of three amounts and, last, a column of `count` numbers; labels `(rows, 1)`."""
    random = np.random.default_rng(seed)
    number = random.integers(0, count, rows)
    said = np.asarray(effect(np.arange(count), random), "float64")
    said = (said - said.mean()) / max(said.std(), 1e-9)
    x = np.c_[random.standard_normal((rows, 3)), (number - count / 2) / 7]
    y = said[number] + x[:, 0] + 0.5 * random.standard_normal(rows)
    return x, ((y - y.mean()) / y.std())[:, None]


def names(n, random):
    return random.standard_normal(len(n))


@pytest.mark.parametrize("count", [60, 100])
def test_names_are_found(count):
    found = nominal(*table(names, count))
    assert (found.column, found.count) == (3, count)
    assert found.order < 0.2 * found.own
    assert found.as_names > found.as_number + 0.1


@pytest.mark.parametrize("kind", ORDERED)
@pytest.mark.parametrize("seed", range(3))
def test_amounts_are_left_alone(kind, seed):
    assert nominal(*table(ORDERED[kind], seed=seed)) is None


def test_few_names_and_names_of_few_rows_prove_nothing():
    assert nominal(*table(names, 10)) is None
    assert nominal(*table(names, 400)) is None


def test_amounts_that_belong_to_a_name_are_none_of_their_own():
    x, y = table(names, 60)
    height = np.random.default_rng(5).gamma(2, 300, 60)
    x[:, 3] = height[np.unique(x[:, 3], return_inverse=True)[1]]
    assert nominal(x, y) is None


def test_rows_again_prove_nothing():
    x, y = table(names, 60, rows=120)
    assert nominal(np.tile(x, (8, 1)), np.tile(y, (8, 1))) is None


def test_classes():
    x, y = table(names, 60)
    classes = np.digitize(y[:, 0], [-0.5, 0.5])
    assert nominal(x, np.eye(3)[classes]).column == 3
