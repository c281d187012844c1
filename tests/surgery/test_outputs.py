import keras
from keras import layers as L

from keras_recipe.surgery.outputs import observable


def paths(*stack, shape=(5, 4)):
    return [path for path, _ in observable(keras.Sequential([keras.Input(shape), *stack]))]


def test_what_runs_in_a_loop_is_seen_as_one_layer():
    recurrent = L.Bidirectional(L.LSTM(3), name="both")
    assert paths(recurrent, L.Dense(2, name="top")) == ["both", "top"]


def test_layers_of_a_nested_model_are_seen_but_not_the_model():
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3, name="deep")], name="inner")
    assert paths(inner, shape=(4,)) == ["inner/deep"]
