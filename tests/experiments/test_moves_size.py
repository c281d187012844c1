"""Smaller and larger models: what can be made, and what a ladder thinks of it."""

import keras
import numpy as np
import pytest
from climbing import build as digits_net
from climbing import ladder
from keras import layers as L
from one_backend import ONE_BACKEND

from keras_recipe.core.errors import NotApplicable
from keras_recipe.experiments.moves_size import Resized, larger_model, smaller_model
from keras_recipe.experiments.program import Program
from keras_recipe.subject import Subject
from keras_recipe.surgery.weight_decay import decays, leaves_out, set_weight_decay


def program(model):
    x = np.random.default_rng(0).normal(size=(16, *model.input_shape[1:])).astype("float32")
    found = Subject(model, x, np.arange(16) % 2)
    return Program(model=model, task=found.task, sample=found.sample, steps=50, batch_size=8)


def build(shape, *stack):
    model = keras.Sequential([keras.Input(shape), *stack, L.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def names(moves):
    return [move.name for move in moves]


def widths(model):
    return [layer.units for layer in model.layers if isinstance(layer, L.Dense)]


def test_a_stack_of_dense_layers_gets_narrower_and_shorter():
    left_out = {}
    model = build((5,), L.Dense(8, "relu"), L.Dense(6, "relu"))
    moves = smaller_model(program(model), left_out)
    assert names(moves) == ["one layer less", "1/2 as wide", "1/4 as wide"]
    assert [widths(move.change(model)) for move in moves] == [[8, 2], [4, 3, 2], [2, 1, 2]]
    assert set(left_out) == {"pooling for flattening"}


def test_a_dense_top_over_a_map_is_pooled():
    model = build((8, 8, 1), L.Conv2D(4, 3), L.Flatten(name="flat"), L.Dense(6))
    moves = smaller_model(program(model), {})
    assert names(moves)[0] == "pooling for flattening"
    made = moves[0].change(model)
    assert "global_average_pooling2d" in made.layers[1].name
    assert made.count_params() < model.count_params() / 5


def test_a_linear_model_has_nothing_to_shrink_or_to_grow():
    with pytest.raises(NotApplicable, match="no hidden layers"):
        smaller_model(program(build((5,))), {})
    with pytest.raises(NotApplicable, match="no hidden layers"):
        larger_model(program(build((5,))))


def test_larger_models_stop_early():
    moves = larger_model(program(build((5,), L.Dense(8))))
    assert names(moves) == [
        "2 times as wide, stopped early", "4 times as wide, stopped early",
    ]  # fmt: skip
    assert widths(moves[1].change(build((5,), L.Dense(8)))) == [32, 2]
    assert moves[0].fit["callbacks"][0].restore_best_weights


def test_a_decay_goes_on_leaving_biases_out():
    model = set_weight_decay(build((5,), L.Dense(8)), 0.3)
    made = Resized(times=2)(model)
    assert decays(made.optimizer)["weight_decay"] == pytest.approx(0.3)
    assert leaves_out(made)
    assert not leaves_out(Resized(times=2)(build((5,), L.Dense(8))))


@ONE_BACKEND
def test_the_ladder_refuses_a_smaller_model_where_learning_is_short():
    def small():
        return digits_net(8, rate=3e-3)

    moves = smaller_model(program(small()), {})
    found = ladder(small, steps=60).climb(moves)
    assert found.best == ()
