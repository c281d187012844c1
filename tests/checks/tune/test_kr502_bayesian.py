"""Whether later trials of a Bayesian search improved on its beginning."""

import pytest
import search_records as made

from keras_recipe.checks.tune.kr502_bayesian import bayesian
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def search(scores, method="bayesian", **fields):
    trials = [made.trial(i, s, learning_rate=1e-3, units=8) for i, s in enumerate(scores)]
    return made.record(trials, method=method, **fields)


def test_later_trials_that_improve_are_said():
    result = bayesian(search([5.0, 4.0, 4.5, 3.0, 3.5, 2.0, 1.5, 1.2, 1.1, 1.0]))
    assert result.status is Status.PASS
    assert "3.5 after" not in result.message
    assert "val_loss 3 after 5 trials, 1 after 10: later trials improved it" in result.message
    assert result.pictures[0]["series"]["best so far"][-1] == 1.0


@pytest.mark.parametrize("method", ["bayesian", "optuna", "optuna:gp"])
def test_a_flat_space_is_said(method):
    result = bayesian(search([1.0, *[2.0] * 9], method))
    assert result.status is Status.PASS
    assert "no later trial improved it" in result.message


def test_other_searches_and_short_ones_say_nothing():
    with pytest.raises(NotApplicable, match="not Bayesian"):
        bayesian(made.record(made.valley()))
    with pytest.raises(NotApplicable, match="not Bayesian"):
        bayesian(search([1.0] * 10, "optuna:qmc"))
    with pytest.raises(NotApplicable, match="3 finished trials"):
        bayesian(search([1.0, 2.0, 3.0]))
