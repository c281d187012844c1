import keras
import numpy as np
import pytest
from healthy import ADAM, BUILDERS
from specimens import classifier, digits

from keras_recipe.surgery.optimizer import (
    innermost,
    is_warming_up,
    multiply_rate,
    other_optimizer,
    rate_of,
    replace_optimizer,
    schedule_of,
    unclip,
)

SGD = keras.optimizers.SGD


def moved(model, rate):
    """How far one step goes, in units of the gradient of a plain step at rate 1."""
    x, y = digits()
    before = model.get_weights()
    model.fit(x[:32], y[:32], batch_size=32, verbose=0)
    after = model.get_weights()
    model.set_weights(before)
    gaps = [np.abs(a - b).max() for a, b in zip(after, before, strict=True)]
    return max(gaps) / rate


def test_another_optimizer_trains_only_inside():
    model = classifier(optimizer=SGD(0.1))
    own, plain = model.optimizer, moved(model, 0.1)
    with other_optimizer(model, SGD(0.1, clipvalue=1e-6)):
        assert moved(model, 0.1) == pytest.approx(1e-6, rel=0.2)
    assert model.optimizer is own
    assert moved(model, 0.1) == pytest.approx(plain, rel=1e-3)


def test_a_replaced_optimizer_stays_and_takes_effect():
    model = classifier(optimizer=SGD(0.1))
    moved(model, 0.1)
    replace_optimizer(model, SGD(0.1, clipvalue=1e-6))
    assert moved(model, 0.1) == pytest.approx(1e-6, rel=0.2)
    assert model.metrics
    assert model.loss == "sparse_categorical_crossentropy"


def test_loss_scaling_is_kept():
    model = BUILDERS["half_precision"]()[0]
    replace_optimizer(model, SGD(0.1))
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert isinstance(innermost(model.optimizer), SGD)


def test_warming_up_means_below_half_the_peak():
    rate = keras.optimizers.schedules.CosineDecay(0.0, 900, warmup_target=1.0, warmup_steps=100)
    model = classifier(optimizer=ADAM(rate))
    assert schedule_of(model.optimizer) is rate
    assert is_warming_up(model.optimizer, 40, 1000)
    assert not is_warming_up(model.optimizer, 60, 1000)
    assert not is_warming_up(classifier().optimizer, 1, 1000)


def test_the_rate_is_multiplied_and_the_clip_taken_away():
    model = classifier(optimizer=SGD(0.1, clipvalue=1e-6))
    assert moved(model, 0.1) == pytest.approx(1e-6, rel=0.2)
    unclip(model)
    plain = moved(model, 0.1)
    assert plain > 1e-3
    multiply_rate(model, 10.0)
    assert rate_of(model.optimizer) == pytest.approx(1.0)
    assert moved(model, 1.0) == pytest.approx(plain, rel=1e-3)
