import json

import healthy
import numpy as np
import pytest
from healthy import ADAM, some_digits
from keras import layers as L
from sklearn import datasets
from specimens import cancer, compiled, subject

from keras_recipe.checks.baseline.kr210_more_capacity import more_capacity
from keras_recipe.core.errors import NotApplicable
from keras_recipe.surgery.preserve import preserve

PLAN = {"epochs": 20}


def judged(model, x, y, *, trained=False, thresholds=None, **settings):
    made = subject(model, x, y, **(settings or PLAN))
    made.trained = trained
    limits = {"seconds": 600, **(thresholds or {})}
    with preserve(model):
        return more_capacity(*[made.need(name) for name in more_capacity.needs], **limits)


def moons():
    x, y = datasets.make_moons(800, noise=0.15, random_state=0)
    return x.astype("float32"), y.astype("float32")


def circles():
    x, y = datasets.make_circles(800, noise=0.08, factor=0.5, random_state=0)
    return x.astype("float32"), y.astype("float32")


def binary(*units, shape=(2,), activation="relu"):
    stack = [L.Dense(n, activation=activation) for n in units]
    head = L.Dense(1, activation="sigmoid")
    return compiled(*stack, head, shape=shape, loss="binary_crossentropy", optimizer=ADAM(0.01))


def test_one_unit_cannot_go_around_a_circle():
    result = judged(binary(1), *circles())
    assert result.status == "fail"
    assert result.expected - result.measured >= 0.25
    assert "1 units wide" in result.message
    json.dumps(result.to_dict())


def test_many_layers_of_two_units():
    assert judged(binary(*[2] * 8), *circles()).status == "fail"


def test_a_narrow_net_that_is_enough_passes():
    x, y = cancer()
    assert judged(binary(2, shape=(30,)), x, y.astype("float32")).status == "pass"


def test_a_wide_net_is_not_tried_before_training():
    with pytest.raises(NotApplicable, match="KR207"):
        judged(binary(16), *circles())


def test_after_training_the_loser_is_tried():
    line = compiled(L.Dense(1, activation="sigmoid"), shape=(2,), loss="binary_crossentropy")
    x, y = circles()
    settings = {"epochs": 20, "validation_data": (x[600:], y[600:])}
    assert judged(line, x[:600], y[:600], trained=True, **settings).status == "fail"
    slow = binary(32)  # wide enough, but never trained
    assert judged(slow, x[:600], y[:600], trained=True, **settings).status == "pass"


def test_the_threshold_decides():
    model = binary(1)
    assert judged(model, *circles(), thresholds={"least_gap": 0.99}).status == "pass"


def test_noise_is_no_lack_of_capacity():
    random = np.random.RandomState(0)
    x = random.normal(size=(400, 5)).astype("float32")
    y = (random.uniform(size=400) < 0.5).astype("float32")
    assert judged(binary(2, shape=(5,)), x, y).status == "pass"


def test_the_model_is_put_back():
    model = binary(1)
    before = model.get_weights()
    judged(model, *circles())
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("name", ["own_train_step", "softmax_regression", "siamese"])
def test_healthy_programs_are_not_tried(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    with pytest.raises(NotApplicable):
        judged(model, x, y, **settings)


def test_a_trained_net_that_holds_its_own_passes():
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    model = compiled(*stack, optimizer=ADAM(3e-3))
    model.fit(*some_digits(), epochs=15, verbose=0)
    assert judged(model, *some_digits(), trained=True).status == "pass"


def test_no_time_is_skipped():
    with pytest.raises(NotApplicable, match="takes more than"):
        judged(binary(1), *circles(), thresholds={"seconds": 0})
