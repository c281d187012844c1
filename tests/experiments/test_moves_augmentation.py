"""Augmentation on where there is none, off where there is; never where it breaks labels."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.ladder import Ladder
from keras_recipe.experiments.moves_augmentation import WAYS, augmentation
from keras_recipe.experiments.program import Program, changed
from keras_recipe.experiments.trial_move import Move
from keras_recipe.subject import Subject
from keras_recipe.surgery.preserve import random_states
from keras_recipe.surgery.rebuilt import rebuilt


def arrows(rows, seed=0, noise=0.3):
    """Arrows to the left (0) and to the right (1)."""
    random = np.random.default_rng(seed)
    y = random.integers(2, size=rows).astype("int32")
    x = np.zeros((rows, 8, 8, 1), "float32")
    for image, right, line in zip(x, y, random.integers(1, 7, rows), strict=True):
        image[line, 1:7] = 1
        tip = 5 if right else 2
        image[line - 1, tip] = image[line + 1, tip] = 1
    return Batch(x + noise * random.normal(size=x.shape).astype("float32"), y)


def build(*front):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)), *front, L.Flatten(), L.Dense(16, "relu"),
            L.Dense(2, "softmax"),
        ]
    )  # fmt: skip
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def planned(model, rows, left_out=None):
    found = Subject(model, rows.x, rows.y)
    program = Program(
        model=model, task=found.task, sample=found.sample, steps=50, batch_size=16
    )
    with random_states(0):
        return augmentation(program, {} if left_out is None else left_out)


def test_mirrored_arrows_are_left_out_and_the_other_ways_are_tried():
    left_out = {}
    moves = planned(build(), arrows(400), left_out)
    assert [move.name for move in moves] == ["shifted", "turned"]
    assert "makes of one class another and keeps the label" in left_out["mirrored"]
    model = build()
    made = moves[0].change(model)
    assert type(made.layers[0]).__name__ == "RandomTranslation"
    np.testing.assert_array_equal(made.get_weights()[0], model.get_weights()[0])
    made.fit(arrows(32).x, arrows(32).y, verbose=0)


def test_own_augmentation_is_tried_off_alone_or_in_a_block():
    for front in (
        [L.RandomTranslation(0.1, 0.1)],
        [keras.Sequential([L.RandomTranslation(0.1, 0.1), L.RandomRotation(0.1)])],
    ):
        (move,) = planned(build(*front), arrows(64))
        assert move.name == "augmentation off"
        kinds = [type(layer).__name__ for layer in move.change(build(*front)).layers]
        assert kinds == ["Flatten", "Dense", "Dense"]


@pytest.mark.parametrize(("shape", "words"), [((64,), "no images"), ((8, 8, 40), "no images")])
def test_what_is_no_image_is_not_augmented(shape, words):
    model = keras.Sequential([keras.Input(shape), L.Flatten(), L.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    rows = Batch(np.ones((16, *shape), "float32"), np.arange(16) % 2)
    with pytest.raises(NotApplicable, match=words):
        planned(model, rows)


def test_pixels_of_masks_would_have_to_move_along():
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(1, 3, padding="same")])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(16, 8, 8, 1)).astype("float32")
    with pytest.raises(NotApplicable, match="labels would have to move along"):
        planned(model, Batch(x, x))


@pytest.mark.parametrize("repeat", [0, 1])
def test_the_ladder_refuses_mirrored_arrows_even_unasked(repeat):
    """Twenty repeats of this are part of the calibration: none was kept."""
    change = changed(build(), lambda model: rebuilt(model, front=WAYS["mirrored"][1]))
    seeds = tuple(range(3 * repeat, 3 * repeat + 3))
    ladder = Ladder(build, arrows(128, repeat), arrows(256, 99), seeds=seeds, steps=60)
    found = ladder.climb([Move(name="mirrored", text="", change=change)])
    assert found.best == ()
