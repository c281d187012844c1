"""What more rows would bring, said with its interval; or why that is not known."""

import dataclasses
import json

import pytest
from climbs import climbed
from curves import curve

from keras_recipe.checks.regularize.kr401_more_data import more_data
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.reports import pictures


def test_a_law_says_what_twice_the_rows_should_bring():
    result = more_data(climbed(curve=curve()))
    assert result.status is Status.PASS
    assert "800 rows should take" in result.message
    assert 0.1 < result.measured < 0.3
    assert pictures.render(result.pictures[0])[:4] == b"\x89PNG"
    json.dumps(result.to_dict())


def test_without_a_law_it_says_why():
    result = more_data(climbed(curve=curve(exponent=0.0)))
    assert result.status is Status.PASS
    assert result.measured is None
    assert "does not fall beyond the noise" in result.message


def test_what_was_not_measured_is_skipped_with_the_reason():
    with pytest.raises(NotApplicable, match="it was not asked for"):
        more_data(climbed(left_out={"more data": "it was not asked for"}))
    few = dataclasses.replace(curve(), sizes=(20,), records=curve().records[:1])
    with pytest.raises(NotApplicable, match="20 rows are too few"):
        more_data(climbed(curve=few))
