import math

import pytest

from keras_recipe.callbacks.layer_scalars import layer_scalars
from keras_recipe.callbacks.trace import Trace


def epoch(gradient, update):
    """One epoch of a layer with two weights."""
    return {
        "block/dense/kernel": {
            "gradient_norm": gradient, "weight_norm": 3.0, "update_norm": update,
        },
        "block/dense/bias": {"gradient_norm": None, "weight_norm": 4.0, "update_norm": 0.0},
    }  # fmt: skip


def test_a_layers_norms_are_those_of_its_weights_together():
    trace = Trace(weights=[epoch(2.0, 1.0)])
    found = {(tag, at): value for tag, at, value in layer_scalars(trace)}
    assert found == pytest.approx({
        ("recipe/gradient_norm/block/dense", 0): 2.0,
        ("recipe/weight_norm/block/dense", 0): 5.0,
        ("recipe/update_ratio/block/dense", 0): 0.2,
    })  # fmt: skip


def test_only_what_is_new():
    trace = Trace(weights=[epoch(1.0, 1.0), epoch(math.nan, 1.0), epoch(3.0, 1.0)])
    found = list(layer_scalars(trace, weights_from=2))
    assert {at for _, at, _ in found} == {2}
    assert list(layer_scalars(trace, weights_from=3)) == []


def test_activations_keep_their_epoch():
    trace = Trace(
        activations=[
            {"epoch": 0, "layers": {"a": {"zeros": 0.5, "mean": 1.0}}},
            {"epoch": 7, "layers": {"a": {"zeros": 0.75}}},
        ]
    )
    assert list(layer_scalars(trace, activations_from=1)) == [
        ("recipe/activation_zeros/a", 7, 0.75)
    ]
    assert len(list(layer_scalars(trace))) == 3
