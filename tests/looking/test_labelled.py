import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.looking.labelled import class_names_of, labelled

NAMES = ["cat", "dog"]


@pytest.mark.parametrize("y", [np.array([1, 0]), np.array([[1.0], [0.0]]), np.eye(2)[[1, 0]]])
def test_classes_have_their_names(y):
    found = labelled(y, NAMES)
    assert found.texts == ["dog", "cat"]
    assert found.classes.tolist() == [1, 0]


def test_a_class_without_a_name_is_its_number():
    assert labelled(np.array([1, 7, -1]), NAMES).texts == ["dog", "7", "-1"]


def test_amounts_vectors_and_gaps():
    found = labelled(np.array([0.25, np.nan]), [])
    assert (found.texts, found.classes) == (["0.25", "nan"], None)
    assert labelled(np.arange(400), []).classes is None
    assert labelled(np.array([[0.5, 1.0]]), []).texts == ["0.5 1"]


def test_masks_are_classes_at_every_place():
    y = np.zeros((2, 4, 4), "int32")
    y[0, 0, 0] = 1
    found = labelled(y, NAMES, placed=True)
    assert found.texts == ["cat, dog", "cat"]
    assert found.places.shape == (2, 4, 4)
    assert labelled(np.eye(3)[y], NAMES).places.tolist() == y.tolist()


def test_tokens_of_a_row_each_have_a_label():
    assert labelled(np.array([[0, 1, 1]]), NAMES).texts == ["cat dog dog"]


def test_a_target_that_is_a_picture_is_one():
    assert labelled(np.random.default_rng(0).random((2, 4, 4)), []).pictures.shape == (
        2,
        4,
        4,
        1,
    )


@pytest.mark.parametrize("given", ["cat", 3, {"cat": 0}])
def test_names_are_a_list(given):
    with pytest.raises(InputError, match="list of names"):
        class_names_of(given)
