"""Winners at the end of their range, and rates on a linear scale."""

import numpy as np
import search_records as made

from keras_recipe.checks.tune.kr503_edge_of_space import edge_of_space
from keras_recipe.core.result import Status
from keras_recipe.experiments.search_axes import Axis


def test_the_best_at_the_upper_end_warns_and_names_the_axis():
    trials = [
        made.trial(i, 1.0 - rate, learning_rate=rate, units=8 * (1 + i % 4))
        for i, rate in enumerate([0.099, 0.095, 0.09, 0.01, 0.001])
    ]
    result = edge_of_space(made.record(trials))
    assert result.status is Status.WARN
    assert result.message == "learning_rate is best at its upper end 0.1"


def test_a_best_within_its_range_passes():
    assert edge_of_space(made.record(made.valley())).status is Status.PASS


def test_one_of_three_at_the_end_is_chance():
    trials = [
        made.trial(i, float(i), learning_rate=rate, units=12 + 8 * i)
        for i, rate in enumerate([0.0999, 0.01, 0.02, 0.03])
    ]
    assert edge_of_space(made.record(trials)).status is Status.PASS


def test_none_at_all_is_a_bound_and_no_edge():
    dropout = Axis(name="dropout", kind="number", low=0.0, high=0.5, step=0.1)
    trials = [made.trial(i, float(i), dropout=0.0) for i in range(4)]
    assert edge_of_space(made.record(trials, axes=(dropout,))).status is Status.PASS


def test_an_ordered_choice_has_ends_and_a_choice_of_words_has_none():
    sizes = Axis(name="batch_size", kind="choice", choices=(16, 32, 64))
    words = Axis(name="optimizer", kind="choice", choices=("adam", "sgd", "lion"))
    trials = [made.trial(i, float(i), batch_size=16, optimizer="adam") for i in range(4)]
    result = edge_of_space(made.record(trials, axes=(sizes, words)))
    assert result.message == "batch_size is best at its lower end 16"


def test_a_rate_over_decades_on_a_linear_scale_warns():
    linear = Axis(name="learning_rate", kind="number", low=1e-5, high=1e-1)
    trials = [made.trial(i, 1.0 + i, learning_rate=0.05 - 0.01 * i) for i in range(4)]
    result = edge_of_space(made.record(trials, axes=(linear,)))
    assert result.status is Status.WARN
    assert result.message == "learning_rate is searched on a linear scale"


def test_axes_without_influence_are_hardly_ever_named():
    random = np.random.default_rng(0)
    named = 0
    for _ in range(400):
        rates = 1e-4 * 1000 ** random.random(20)
        trials = [
            made.trial(i, float(random.random()), learning_rate=float(rate), units=32)
            for i, rate in enumerate(rates)
        ]
        named += edge_of_space(made.record(trials)).status is Status.WARN
    assert named <= 1
