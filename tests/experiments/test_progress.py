"""How far a training came, from its trace."""

import pytest
from traces import KERNELS, norms, trace, travelled

from keras_recipe.experiments.progress import (
    alive,
    clipping,
    faded,
    fastest,
    gain,
    grew,
    kernels,
    moved,
    rates,
    regularized,
    straight,
    update_ratio,
    when,
)


def test_the_gain_is_the_share_of_the_constants_loss_that_is_gone():
    assert gain(trace(1.0, 0.6, 0.4)) == pytest.approx(0.6)
    assert gain(trace(1.0, 0.9, 0.8, penalty=0.5)) == pytest.approx(0.7)
    assert gain(trace(4.0, 3.0, 2.0)) == pytest.approx(-1.0)
    assert gain(trace(-1.0, -2.0, -3.0, constant_loss=-1.0)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "fields",
    [
        {"constant_loss": None},
        {"constant_loss": 0.0},
        {"penalty": None},
        {"program": {"custom_step": True}},
    ],
)
def test_where_losses_cannot_be_compared_there_is_no_gain(fields):
    assert gain(trace(1.0, 0.5, **fields)) is None


def test_travel_is_that_of_kernels():
    made = trace(1.0, travel={**travelled(0.5, grew=2.0), "a/bias": {"moved": 9, "grew": 9}})
    assert moved(made) == 0.5
    assert grew(made) == 2.0
    assert moved(trace(1.0)) is None
    assert grew(trace(1.0)) is None


def test_embeddings_and_vectors_are_no_kernels():
    made = trace(1.0, shapes={"a/kernel": [2, 2], "a/bias": [2], "e/embeddings": [9, 2]})
    assert kernels(made) == ["a/kernel"]


def test_one_direction_all_the_time_is_straight():
    made = trace(1.0, 1.0, travel=travelled(0.1))  # 100 steps of 1e-3
    assert straight(made) == pytest.approx(1.0)
    assert straight(trace(1.0, 1.0, travel=travelled(0.01))) == pytest.approx(0.1)
    assert straight(trace(1.0)) is None


def test_the_update_ratio_is_an_epochs_median():
    made = trace(1.0, 1.0, weights=[norms(1e-2), norms(1e-4)])
    assert update_ratio(made) == 1e-2
    assert update_ratio(made, -1) == 1e-4
    assert update_ratio(trace()) is None


def test_rates_are_the_schedules_as_far_as_the_training_came():
    plan = {"epochs": 4, "steps": 50, "rates": [4.0, 3.0, 2.0, 1.0]}
    assert rates(trace(1.0, 1.0, plan=plan)).tolist() == [4.0, 3.0]
    assert rates(trace(1.0, 1.0, learning_rate=[0.1, None])).tolist() == [1e-3, 0.1]


def test_a_rate_lives_until_it_stays_low():
    assert alive([1.0, 0.5, 0.001, 0.001]) == 0.5
    assert alive([1.0, 0.001, 0.5, 1.0]) == 1.0
    assert alive([]) == alive([0.0, 0.0]) == 1.0


def test_a_faded_rate_has_a_peak():
    assert faded(trace(1.0, 1.0, learning_rate=[0.1, 0.001])) == 0.1
    assert faded(trace(1.0, 1.0)) is None


def test_clips_are_compared_with_what_they_clip():
    def clipped(**options):
        return clipping(trace(1.0, weights=[norms(gradients=(8.0,) * 4)], optimizer=options))

    assert clipped(clipnorm=2.0) == {"clipnorm": pytest.approx(4.0)}
    assert clipped(global_clipnorm=4.0) == {"global_clipnorm": pytest.approx(4.0)}
    assert clipped(clipvalue=0.5) == {"clipvalue": pytest.approx(4.0)}  # 16 elements a kernel
    assert clipped(clipnorm=10.0) == clipped() == {}


def test_a_gradient_that_does_not_exist_is_none_clipped():
    weights = norms()
    weights[KERNELS[0]]["gradient_norm"] = None
    made = trace(1.0, weights=[weights], optimizer={"clipnorm": 0.5})
    assert clipping(made) == {"clipnorm": pytest.approx(2.0)}


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({}, False),
        ({"program": {"dropout": 0.5}}, True),
        ({"program": {"dropout": 0.1}}, False),
        ({"penalty_before": 0.1}, True),
        ({"optimizer": {"weight_decay": 0.1}}, True),
        ({"optimizer": {"weight_decay": 0.004}}, False),
    ],
)
def test_what_could_hold_learning_back(fields, held):
    assert regularized(trace(1.0, **fields)) is held


def test_an_epoch_is_named_with_its_step():
    made = trace(1.0, 0.5, 0.4)
    assert when(made, 1) == "epoch 2 (step 100)"
    made.steps[0] = None
    assert when(made, 1) == "epoch 2"


def test_the_kernel_that_moves_most_is_named():
    made = trace(1.0)
    made.weights[0]["c/kernel"]["update_ratio"] = 0.5
    made.weights[0]["d/kernel"]["update_ratio"] = float("nan")
    assert fastest(made) == "c/kernel"
    assert fastest(trace()) == ""
