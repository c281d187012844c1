"""A student against the same training without a teacher."""

import json

import pytest
from squeezings import HARMS, HELPS, NOISE, squeezing, taught

from keras_recipe.checks.squeeze.kr602_distil import distil
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


@pytest.mark.parametrize(("gain", "word"), [(HELPS, "better"), (NOISE, "as good")])
def test_a_student_that_is_no_worse_passes(gain, word):
    result = distil(squeezing(distilled=taught(gain)))
    assert result.status is Status.PASS
    assert word in result.message
    assert "its teacher has 0.2 less loss" in result.message
    json.dumps(result.to_dict())


def test_a_student_that_is_worse_warns_and_says_what_is_known():
    result = distil(squeezing(distilled=taught(HARMS, notes=("the clock ended it",))))
    assert result.status is Status.WARN
    assert "the clock ended it" in result.message


def test_without_a_student_the_reason_is_told():
    with pytest.raises(NotApplicable, match="the ensemble is a single model"):
        distil(squeezing(left_out={"student": "the ensemble is a single model"}))
