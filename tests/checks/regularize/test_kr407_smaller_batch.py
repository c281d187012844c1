"""What came of moves of this family: kept, refused or not tried, and never a FAIL."""

import keras
import numpy as np
import pytest
from climbs import BETTER, WORSE, climbed

from keras_recipe.checks.regularize.kr407_smaller_batch import smaller_batch
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.core.runner import examined
from keras_recipe.subject import Subject

FAMILY = "smaller batch"


def test_what_helps_is_said_with_its_gain_and_interval():
    result = smaller_batch(climbed(("it", FAMILY, BETTER)))
    assert result.status is Status.PASS
    assert result.message.startswith("kept, 'it': it takes 38.4 % of the loss away (")
    assert result.measured == pytest.approx(0.384, abs=1e-3)


def test_what_does_not_help_passes_and_says_so():
    result = smaller_batch(climbed(("it", FAMILY, WORSE)))
    assert result.status is Status.PASS
    assert result.message.startswith("does not help here and was not kept: 'it'")
    assert not result.evidence["it"]["kept"]


def test_what_was_not_tried_says_why():
    with pytest.raises(NotApplicable, match="there was no way"):
        smaller_batch(climbed(left_out={FAMILY: "there was no way"}))


def test_without_a_ladder_it_says_what_to_call():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    result = examined(smaller_batch, Subject(model, np.ones((4, 2))), {})
    assert result.status is Status.SKIP
    assert "Recipe.regularize()" in result.message
