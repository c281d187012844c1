"""Reading moves nothing that lives inside a dataset."""

import random
from contextlib import suppress

import keras
import numpy as np
import pytest

from keras_recipe.data.untouched import untouched


class Box:
    """Something with attributes."""

    def __init__(self, thing=None):
        self.thing, self.count = thing, 0


DRAWERS = {
    "generator": (lambda: np.random.default_rng(0), lambda g: g.random()),
    "legacy": (lambda: np.random.RandomState(0), lambda g: g.rand()),
    "python": (lambda: random.Random(0), lambda g: g.random()),
    "seed generator": (
        lambda: keras.random.SeedGenerator(0),
        lambda g: float(keras.random.uniform((), seed=g)),
    ),
    "layer": (
        lambda: keras.layers.Dropout(0.5, seed=0),
        lambda g: np.asarray(
            keras.ops.convert_to_numpy(g(np.ones(64), training=True))
        ).tolist(),
    ),
}


@pytest.mark.parametrize("kind", DRAWERS)
def test_generators_go_on_where_they_were(kind):
    make, draw = DRAWERS[kind]
    expected = [draw(g) for g in [make()] for _ in range(3)]
    box = Box(make())
    assert draw(box.thing) == expected[0]
    with untouched(box):
        draw(box.thing)
        draw(box.thing)
    assert [draw(box.thing), draw(box.thing)] == expected[1:]


def test_attributes_are_put_back_even_after_an_error():
    box = Box([1])
    held = box.thing
    with suppress(ValueError), untouched(box, None, 3):
        box.thing, box.count, box.new = None, 5, True
        raise ValueError
    assert box.thing is held
    assert vars(box) == {"thing": [1], "count": 0}
