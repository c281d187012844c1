"""Another rate is tried in the step that is there; another optimizer in one of its own."""

import keras
import numpy as np
import pytest
from specimens import classifier, digits

from keras_recipe.surgery.optimizer import rate_of
from keras_recipe.surgery.preserve import preserve
from keras_recipe.surgery.rivals import ADAM, at_rate, is_like

OPT = keras.optimizers
X, Y = (part[:64] for part in digits())


def trained(model, during):
    with preserve(model), during:
        model.fit(X, Y, shuffle=False, verbose=0)
        return model.get_weights()


@pytest.mark.parametrize("optimizer", [OPT.SGD(0.5, momentum=0.9), OPT.Adam(0.5)])
def test_another_rate_trains_as_a_new_optimizer_does_in_the_same_step(optimizer):
    model = classifier(optimizer=optimizer)
    model.fit(X[:1], Y[:1], verbose=0)  # so that there is a compiled step
    model.optimizer.iterations.assign(0)
    for slot in model.optimizer.variables[2:]:
        slot.assign(np.zeros(slot.shape))
    step, rival = model.train_function, at_rate(model.optimizer, 0.01)
    with preserve(model), rival.during(model):
        assert model.train_function is step
        assert rate_of(model.optimizer) == pytest.approx(0.01)
    mine = trained(model, rival.during(model))
    model.optimizer.iterations.assign(1)  # now a new optimizer is needed
    for slot in model.optimizer.variables[2:]:
        slot.assign(np.ones(slot.shape))
    with preserve(model), rival.during(model):
        assert model.train_function is not step
    for a, b in zip(mine, trained(model, rival.during(model)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_adam_takes_the_place_of_another_kind():
    model = classifier(optimizer=OPT.SGD(0.5))
    with preserve(model), ADAM.during(model):
        assert isinstance(model.optimizer, OPT.Adam)


@pytest.mark.parametrize(
    ("optimizer", "like"),
    [
        (OPT.Adam(), True),
        (OPT.LossScaleOptimizer(OPT.Adam(1e-3)), True),
        (OPT.Adam(2e-3), False),
        (OPT.Adam(1e-3, clipnorm=1.0), False),
        (OPT.AdamW(1e-3), False),
        (OPT.Adam(OPT.schedules.CosineDecay(1e-3, 10)), False),
    ],
)
def test_only_adam_itself_is_like_adam(optimizer, like):
    assert is_like(optimizer, ADAM) is like
