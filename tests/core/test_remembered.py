"""What is costly is made once within a block, and for the very same objects only."""

import pytest

from keras_recipe.core.remembered import is_remembering, remembered, remembering


def test_within_the_block_it_is_made_once_for_the_same_objects():
    one, other = [1], [1]
    with remembering():
        assert is_remembering()
        made = remembered([one, "a"], object)
        assert remembered([one, "a"], object) is made
        assert remembered([one], object) is not made
        assert remembered([other, "a"], object) is not made  # equal, but not the same
    assert not is_remembering()


def test_outside_it_is_made_every_time_and_a_new_block_knows_nothing():
    key = [object()]
    assert remembered(key, object) is not remembered(key, object)
    with remembering():
        made = remembered(key, object)
    with remembering():
        assert remembered(key, object) is not made


def test_the_block_ends_with_an_error_too():
    with pytest.raises(KeyError), remembering():
        raise KeyError
    assert not is_remembering()
