"""The axes of a space, and where values lie on them."""

import keras_tuner
import numpy as np
import pytest

from keras_recipe.experiments.search_axes import Axis, axes, places


def space():
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-2, sampling="log")
    hp.Int("units", 8, 32, step=8)
    hp.Choice("size", [16, 32, 64])
    hp.Choice("optimizer", ["adam", "sgd"])
    hp.Choice("only", ["one"])
    hp.Boolean("decay")
    hp.Fixed("seed", 3)
    return hp


def test_axes_with_one_value_are_left_out():
    found = {axis.name: axis for axis in axes(space())}
    assert list(found) == ["rate", "units", "size", "optimizer", "decay"]
    assert found["rate"].log
    assert not found["units"].log
    assert found["decay"].choices == (False, True)


def test_axes_whose_values_lie_on_a_line():
    ordered = {axis.name for axis in axes(space()) if axis.ordered}
    assert ordered == {"rate", "units", "size"}


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("rate", 1e-3, 0.5),
        ("rate", 1e-2, 1.0),
        ("units", 8, 0.0),
        ("units", 20, 0.5),
        ("size", 32, 0.5),
        ("size", 33, np.nan),
        ("optimizer", "sgd", 1.0),
        ("units", None, np.nan),
        ("units", "many", np.nan),
    ],
)
def test_a_value_has_its_place(name, value, place):
    axis = next(axis for axis in axes(space()) if axis.name == name)
    assert axis.place(value) == pytest.approx(place, nan_ok=True)


def test_places_of_many_values():
    axis = Axis(name="units", kind="number", low=0.0, high=4.0)
    np.testing.assert_array_equal(places(axis, [0, 2, None]), [0.0, 0.5, np.nan])
