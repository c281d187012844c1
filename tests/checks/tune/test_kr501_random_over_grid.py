"""A grid repeats the few values of the axis that matters."""

import search_records as made

from keras_recipe.checks.tune.kr501_random_over_grid import random_over_grid
from keras_recipe.core.result import Status


def grid():
    return [
        made.trial(5 * i + j, float(i + j), learning_rate=10.0 ** (-1 - i), units=4 * (j + 1))
        for i in range(3)
        for j in range(5)
    ]


def test_a_grid_warns_with_the_count_of_values():
    result = random_over_grid(made.record(grid(), method="grid"))
    assert result.status is Status.WARN
    assert "a grid: 15 trials tried distinct values: learning_rate 3, units 5" in result.message
    assert result.measured == 3


def test_a_random_search_passes_and_says_how_many_values_each_axis_got():
    result = random_over_grid(made.record(made.valley(12)))
    assert result.status is Status.PASS
    assert "learning_rate 12" in result.message


def test_a_grid_over_one_axis_is_as_good_as_any():
    line = [made.trial(i, 1.0, learning_rate=10.0**-i) for i in range(1, 4)]
    result = random_over_grid(made.record(line, axes=(made.RATE,), method="grid"))
    assert result.status is Status.PASS
