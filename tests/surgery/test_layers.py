import keras
import pytest
from healthy import BUILDERS, Adversary
from keras import layers as L

from keras_recipe.surgery.layers import walk, weight_paths


def test_parents_come_before_children_and_paths_join_names():
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3, name="deep")], name="inner")
    model = keras.Sequential([inner, L.Dense(2, name="top")])
    paths = [path for path, _ in walk(model)]
    assert paths.index("inner") < paths.index("inner/deep")
    assert "top" in paths


def test_a_shared_layer_is_found_once():
    shared = L.Dense(4)
    a, b = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([a, b], shared(a) + shared(b))
    assert [layer for _, layer in walk(model)].count(shared) == 1


def test_layers_in_lists_and_dicts_of_a_subclass_are_found():
    class Held(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = [L.Dense(2, name="listed")]
            self.named = {"x": L.Dense(2, name="mapped")}

    assert {path for path, _ in walk(Held())} >= {"listed", "mapped"}


@pytest.mark.parametrize(
    "name", ["layer_norm_attention", "stateful_recurrence", "own_train_step"]
)
def test_every_weight_has_a_path_of_its_own(name):
    model, x, _, _ = BUILDERS[name]()
    if isinstance(model, Adversary):
        model(keras.ops.convert_to_tensor(x[:2]))
    paths = weight_paths(model)
    assert len(paths) == len(set(paths)) == len(model.trainable_variables) > 0


def test_a_cell_is_found_inside_its_layer():
    layer = L.LSTM(3, name="memory")
    model = keras.Sequential([keras.Input((5, 2)), layer])
    assert any(inner is layer.cell for _, inner in walk(model))
