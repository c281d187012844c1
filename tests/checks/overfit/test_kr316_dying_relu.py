"""Units that die on the way."""

import pytest
from traces import onward, trace

from keras_recipe.checks.overfit.kr316_dying_relu import dying_relu
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def looks(*shares, zeros=0.6):
    return [
        {"epoch": n, "layers": {"hidden": {"dead": share, "zeros": zeros}, "out": {}}}
        for n, share in enumerate(shares)
    ]


def judged(*shares, losses=(1.0, 1.0, 1.0), **fields):
    return dying_relu(trace(*losses, activations=looks(*shares), **fields))


def test_a_layer_that_dies_fails_where_little_was_learned():
    result = judged(0.1, 0.2, 0.9)
    assert result.status is Status.FAIL
    assert result.where == "hidden"
    assert "epoch 3" in result.cause


def test_a_layer_that_was_dead_all_along_fails():
    assert judged(1.0, 1.0, 1.0).status is Status.FAIL


def test_a_net_that_learned_all_the_same_is_worth_a_look():
    assert judged(0.1, 0.2, 0.9, losses=(1.0, 0.3, 0.1)).status is Status.WARN
    assert judged(0.1, 0.2, 0.9, onward=onward(0.7)).status is Status.WARN
    assert judged(0.1, 0.2, 0.9, constant_loss=None).status is Status.WARN


@pytest.mark.parametrize("shares", [(0.0, 0.1, 0.1), (0.75, 0.75, 0.75), (0.2, 0.4, 0.6)])
def test_sparse_layers_pass(shares):
    assert judged(*shares).status is Status.PASS


def test_the_threshold_decides():
    made = trace(1.0, 1.0, activations=looks(0.1, 0.8))
    assert dying_relu(made, most=0.9).status is Status.PASS
    assert dying_relu(made, rise=0.75).status is Status.PASS


def test_without_a_probe_nothing_is_judged():
    with pytest.raises(NotApplicable, match="probe"):
        dying_relu(trace(1.0, 1.0))
