"""Regularisation that keeps a net from learning, and regularisation that does its work."""

import pytest
from traces import onward, trace, travelled

from keras_recipe.checks.regularize.kr414_over_regularised import over_regularised
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

DROPS = {"program": {"dropout": 0.8, "labels_vary": True}}
LOADED = {"penalty_before": 30.0, "penalty": 0.01, "travel": travelled(0.95, grew=0.02)}


def test_training_on_without_it_is_the_proof():
    found = onward(0.2, same=[0.2, 0.3, 0.3], free=[0.6, 0.8, 0.9])
    result = over_regularised(trace(1.0, 0.9, 0.9, onward=found, **DROPS))
    assert result.status is Status.FAIL
    assert "Dropout of 0.8" in result.cause
    assert result.fix.tried["after"] == 0.9


@pytest.mark.parametrize(
    "found",
    [
        onward(0.9),
        onward(0.5, same=[0.5] * 3, free=[0.6] * 3),  # a little better
        onward(0.2, same=[0.5, 0.7, 0.8], free=[0.9] * 3),  # it only needs time
    ],
)
def test_regularisation_that_works_passes(found):
    made = trace(1.0, 0.9, 0.8, onward=found, **DROPS)
    assert over_regularised(made).status is Status.PASS


def test_the_threshold_decides():
    found = onward(0.5, same=[0.5] * 3, free=[0.65] * 3)
    made = trace(1.0, 0.9, 0.8, onward=found, **DROPS)
    assert over_regularised(made).status is Status.PASS
    assert over_regularised(made, least=0.12).status is Status.FAIL


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (onward(0.02, same=[0.02] * 3, unadded=[0.5, 0.8, 0.9]), Status.FAIL),
        (onward(0.4, same=[0.4] * 3, unadded=[0.5, 0.8, 0.9]), Status.PASS),  # a prior's price
        (onward(0.02, same=[0.02] * 3, unadded=[0.1] * 3), Status.PASS),
    ],
)
def test_an_added_loss_is_blamed_where_nothing_was_learned_with_it(found, status):
    result = over_regularised(trace(1.0, 0.9, 0.9, onward=found))
    assert result.status is status
    if status is Status.FAIL:
        assert "add_loss" in result.cause
        assert result.fix.tried["after"] == 0.9


def test_kernels_that_a_penalty_pulled_to_nothing_fail():
    result = over_regularised(trace(31.0, 5.0, 1.01, 1.01, **LOADED))
    assert result.status is Status.FAIL
    assert "penalty" in result.cause


@pytest.mark.parametrize(
    "fields",
    [
        {"penalty_before": 0.05},  # weaker than the data
        {"travel": travelled(0.9, grew=0.9)},  # the kernels kept their size
        {"constant_loss": 4.0},  # it learned
    ],
)
def test_a_penalty_without_harm_passes(fields):
    made = trace(31.0, 5.0, 1.01, 1.01, **{**LOADED, **fields})
    assert over_regularised(made).status is Status.PASS


def test_a_training_loss_held_up_far_above_validation_warns():
    made = trace(1.0, 0.9, 0.9, **DROPS)
    made.epochs = [{**logs, "val_loss": 0.3} for logs in made.epochs]
    assert over_regularised(made).status is Status.WARN


def test_without_regularisation_nothing_is_judged():
    with pytest.raises(NotApplicable, match="nothing regularises"):
        over_regularised(trace(1.0, 0.9))


@pytest.mark.parametrize(("decay", "status"), [(20.0, Status.FAIL), (1.0, Status.PASS)])
def test_kernels_that_a_decay_pulled_to_nothing_fail(decay, status):
    optimizer = {"learning_rate": 1e-3, "weight_decay": decay}
    made = trace(1.0, 1.0, 1.0, optimizer=optimizer, travel=travelled(0.9, grew=0.1))
    assert over_regularised(made).status is status
