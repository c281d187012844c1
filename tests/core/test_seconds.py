"""Budgets are numbers of seconds above 0."""

import math

import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.core.seconds import refuse_unless_seconds


@pytest.mark.parametrize("value", [0, -1.0, True, "60", None, math.nan])
def test_what_is_no_number_above_0_is_refused_by_its_name(value):
    with pytest.raises(InputError, match="`longer` must be a number of seconds above 0"):
        refuse_unless_seconds(value, "longer")


@pytest.mark.parametrize("value", [1, 0.5, math.inf])
def test_other_numbers_are_taken(value):
    refuse_unless_seconds(value)
