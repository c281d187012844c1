"""A family's row: all its moves in the evidence, the best or the kept ones in words."""

import json

import pytest
from climbs import BETTER, SAME, WORSE, climbed

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.experiments.climbed_rows import family_row


def test_every_move_of_the_family_is_in_the_evidence():
    found = climbed(
        ("a", "dropout", WORSE), ("b", "dropout", BETTER), ("c", "early stopping", SAME)
    )
    result = family_row(found, "dropout")
    assert set(result.evidence) == {"a", "b"}
    assert result.where == "b"
    assert "in training" in result.message
    json.dumps(result.to_dict())


def test_of_moves_that_do_not_help_the_least_bad_is_named():
    result = family_row(climbed(("a", "dropout", WORSE), ("b", "dropout", SAME)), "dropout")
    assert result.status is Status.PASS
    assert "'b'" in result.message
    assert "nor do 1 others" in result.message
    assert "within the noise" in result.message


def test_a_move_that_failed_has_no_gain_and_does_no_harm():
    result = family_row(climbed(("a", "dropout", (None, 1.0, 1.0))), "dropout")
    assert result.status is Status.PASS
    assert "failed" in result.message


def test_ways_that_break_labels_are_in_the_evidence():
    found = climbed(("shifted", "augmentation", SAME), left_out={"mirrored": "turns classes"})
    assert (
        family_row(found, "augmentation").evidence["mirrored"]["not tried"] == "turns classes"
    )


def test_a_family_that_was_not_tried_says_why():
    with pytest.raises(NotApplicable, match="it was not tried"):
        family_row(climbed(), "dropout")
