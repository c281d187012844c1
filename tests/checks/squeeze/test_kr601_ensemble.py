"""An average of models against the best of them."""

import json

import pytest
from squeezings import HARMS, NOISE, averaged, squeezing

from keras_recipe.checks.squeeze.kr601_ensemble import ensemble
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


@pytest.mark.parametrize("crossed", [None, NOISE])
def test_what_helps_or_does_no_harm_passes(crossed):
    found = squeezing() if crossed is None else squeezing(ensemble=averaged(crossed))
    result = ensemble(found)
    assert result.status is Status.PASS
    assert "2 of 3 models together" in result.message
    json.dumps(result.to_dict())


def test_worse_than_a_single_one_where_it_was_chosen_fails():
    result = ensemble(squeezing(ensemble=averaged(loss=1.1)))
    assert result.status is Status.FAIL
    assert "1.1" in result.message


def test_rounding_is_no_loss():
    assert ensemble(squeezing(ensemble=averaged(loss=1.0 + 1e-7))).status is Status.PASS


def test_worse_where_it_was_not_chosen_warns():
    result = ensemble(squeezing(ensemble=averaged(HARMS)))
    assert result.status is Status.WARN
    assert "not chosen by" in result.message


def test_a_single_one_that_is_best_stays_alone():
    result = ensemble(squeezing(ensemble=averaged(NOISE, loss=1.0, weights=(1.0, 0.0, 0.0))))
    assert result.status is Status.PASS
    assert "stays so" in result.message


def test_one_model_is_nothing_to_average():
    alone = averaged(loss=1.0, weights=(1.0, 0.0, 0.0), notes=("", "nan", "nan"))
    with pytest.raises(NotApplicable, match="nothing to average"):
        ensemble(squeezing(ensemble=alone))
