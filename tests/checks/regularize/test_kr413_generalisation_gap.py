"""A gap between training and validation, and when it opened."""

import pytest
from traces import trace

from keras_recipe.checks.regularize.kr413_generalisation_gap import generalisation_gap
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def gapped(losses, held, **fields):
    made = trace(*losses, **fields)
    made.epochs = [
        {"loss": loss, "val_loss": val} for loss, val in zip(losses, held, strict=True)
    ]
    return made


OPEN = (1.0, 0.6, 0.3, 0.1, 0.05), (1.0, 0.7, 0.6, 0.7, 0.8)


def test_an_open_gap_warns_and_says_since_when():
    result = generalisation_gap(gapped(*OPEN))
    assert result.status is Status.WARN
    assert result.where == "epoch 3"


def test_no_gap_no_warning():
    held = (1.0, 0.62, 0.35, 0.2, 0.15)
    assert generalisation_gap(gapped(OPEN[0], held)).status is Status.PASS


def test_the_threshold_decides():
    assert generalisation_gap(gapped(*OPEN), gap=0.9).status is Status.PASS


def test_without_validation_nothing_is_judged():
    with pytest.raises(NotApplicable):
        generalisation_gap(trace(1.0, 0.5, 0.2))
    with pytest.raises(NotApplicable):
        generalisation_gap(gapped(*OPEN, constant_loss=None))


def test_a_loss_that_falls_below_0_is_measured_by_what_is_gone():
    fallen, held = (0.4, 0.1, -0.1, -0.2, -0.3), (0.5, 0.3, 0.1, 0.0, -0.1)
    assert generalisation_gap(gapped(fallen, held, constant_loss=0.45)).status is Status.PASS
    risen = (0.5, 0.3, 0.3, 0.3, 0.4)
    assert generalisation_gap(gapped(fallen, risen, constant_loss=0.45)).status is Status.WARN
