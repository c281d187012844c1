"""Dropout before BatchNorm warns; after a ladder the row says what dropout gained."""

import keras
import numpy as np
from climbs import BETTER, WORSE, climbed
from keras import layers as L

from keras_recipe.checks.regularize.kr408_dropout import dropout
from keras_recipe.core.result import Status
from keras_recipe.core.runner import examined
from keras_recipe.subject import Subject


def judged(*stack, found=None):
    model = keras.Sequential([keras.Input((4,)), *stack])
    model.compile("adam", "mse")
    extras = {} if found is None else {"climbed": found, "if_climbed": found}
    rows = np.ones((8, 4), "float32")
    return examined(dropout, Subject(model, rows, rows[:, :1], extras=extras), {})


def test_a_norm_that_gets_what_is_dropped_warns():
    result = judged(L.Dense(3), L.Dropout(0.3, name="d"), L.BatchNormalization(name="n"))
    assert result.status is Status.WARN
    assert "'n' gets what 'd' drops" in result.message
    assert result.where == "n"


def test_dropout_behind_the_last_norm_passes_and_a_rate_of_zero_drops_nothing():
    assert judged(L.Dense(3), L.BatchNormalization(), L.Dropout(0.3)).status is Status.PASS
    assert judged(L.Dropout(0.0), L.BatchNormalization(), L.Dense(1)).status is Status.SKIP


def test_whole_rows_that_are_dropped_do_not_count():
    stochastic_depth = L.Dropout(0.3, noise_shape=(None, 1))
    assert judged(stochastic_depth, L.BatchNormalization(), L.Dense(1)).status is Status.PASS


def convolutional(behind):
    """A net of 7 x 7 filters with a shortcut around dropout; the norm before or behind it."""
    entrance = keras.Input((16, 16, 1))
    first = L.Conv2D(4, 7, padding="same", activation="relu")(entrance)
    dropped = L.SpatialDropout2D(0.3, name="d")(first)
    second = L.Conv2D(4, 7, padding="same", name="c")(dropped)
    if not behind:
        first = L.BatchNormalization(name="n")(first)
    joined = L.Add()([first, second])
    if behind:
        joined = L.BatchNormalization(name="n")(joined)
    model = keras.Model(entrance, L.Dense(1)(L.GlobalAveragePooling2D()(joined)))
    model.compile("adam", "mse")
    return model


def test_it_is_followed_through_convolutions_and_around_shortcuts():
    rows = np.ones((8, 16, 16, 1), "float32")
    sick, healthy = (
        examined(dropout, Subject(convolutional(behind), rows, rows[:, 0, 0]), {})
        for behind in (True, False)
    )
    assert (sick.status, sick.where) == (Status.WARN, "n")
    assert healthy.status is Status.PASS
    assert "no BatchNorm gets" in healthy.message


def test_without_dropout_it_says_what_to_call():
    result = judged(L.Dense(1))
    assert result.status is Status.SKIP
    assert "Recipe.regularize()" in result.message


def test_after_a_ladder_it_says_what_dropout_gained():
    kept = judged(L.Dense(1), found=climbed(("dropout 0.2", "dropout", BETTER)))
    assert kept.status is Status.PASS
    assert kept.message.startswith("kept, 'dropout 0.2'")
    refused = judged(L.Dense(1), found=climbed(("dropout 0.2", "dropout", WORSE)))
    assert refused.status is Status.PASS
    assert "does not help here" in refused.message


def test_a_norm_behind_it_still_warns_after_a_ladder():
    result = judged(
        L.Dropout(0.3), L.BatchNormalization(), L.Dense(1),
        found=climbed(("dropout 0.5", "dropout", WORSE)),
    )  # fmt: skip
    assert result.status is Status.WARN
    assert "does not help here" in result.message
