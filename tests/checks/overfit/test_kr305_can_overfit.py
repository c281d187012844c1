"""A model that cannot learn what a simple one knows."""

import pytest
from traces import onward, trace

from keras_recipe.checks.overfit.kr305_can_overfit import can_overfit
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

STALLED = onward(0.3, same=[0.3] * 3, faster=[0.35] * 3)


def judged(found, **fields):
    return can_overfit(trace(1.0, 0.8, 0.8, onward=found, **fields))


def test_a_model_that_stalls_behind_a_simple_one_fails():
    result = judged({**STALLED, "behind": True})
    assert result.status is Status.FAIL
    assert result.measured == 0.3
    assert "same, faster" in result.message


@pytest.mark.parametrize(
    "found",
    [
        STALLED,  # nobody knows whether more can be learned
        {**STALLED, "behind": False},
        {**onward(0.3, same=[0.5] * 3), "behind": True},  # it is on its way
        {**onward(0.7, same=[0.7] * 3), "behind": True},
        onward(0.9),
    ],
)
def test_without_proof_it_passes(found):
    assert judged(found).status is Status.PASS


def test_a_model_that_learned_and_was_put_back_can_overfit():
    made = trace(1.0, 0.3, 0.1, onward={**STALLED, "behind": True})
    assert can_overfit(made).status is Status.PASS


def test_the_threshold_decides():
    made = trace(1.0, onward={**STALLED, "behind": True})
    assert can_overfit(made, enough=0.25).status is Status.PASS


def test_without_a_comparison_the_loss_speaks_or_nothing_does():
    assert judged({}, constant_loss=3.0).status is Status.PASS
    with pytest.raises(NotApplicable, match="not known"):
        judged({})
