"""Groups by split."""

import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data.groups import split_groups

SIZES = {"training": 4, "validation": None, "test": None}


def test_groups_follow_the_cut():
    found = split_groups(list("aabbcc"), {**SIZES, "validation": 2}, cut=4)
    assert {k: v.tolist() for k, v in found.items()} == {
        "training": ["a", "a", "b", "b"],
        "validation": ["c", "c"],
    }
    assert split_groups(None, SIZES, None) == {}
    assert split_groups(np.array([["a"]] * 4, object), SIZES, None)["training"].shape == (4,)


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ([1, 2], "2 labels for 4 rows"),
        ({"trianing": [1]}, "trianing"),
        (np.zeros((4, 2)), "one label a row"),
    ],
)
def test_groups_that_do_not_fit_are_refused(groups, text):
    with pytest.raises(InputError, match=text):
        split_groups(groups, SIZES, None)
