import json

import healthy
import keras
import numpy as np
import pytest
from healthy import ADAM, some_digits, standard_diabetes
from keras import layers as L
from specimens import cancer, compiled, digits, one_hot, subject

from keras_recipe.checks.baseline.kr207_simple_baselines import simple_baselines
from keras_recipe.core.errors import NotApplicable
from keras_recipe.surgery.preserve import preserve


def judged(model, x, y, *, trained=True, thresholds=None, **settings):
    """What the check says of the model as it stands."""
    made = subject(model, x, y, **settings)
    made.trained = trained
    with preserve(model):
        needs = [made.need(name) for name in simple_baselines.needs]
        return simple_baselines(*needs, **(thresholds or {}))


def fitted(model, x, y, epochs=30, **settings):
    model.fit(x, y, epochs=epochs, verbose=0, **settings)
    return model


def net(units=10, head="softmax", shape=(64,), **compile_arguments):
    stack = L.Dense(32, activation="relu"), L.Dense(units, activation=head)
    return compiled(*stack, shape=shape, **compile_arguments)


def split_digits():
    x, y = digits()
    return (x[:900], y[:900]), {"validation_data": (x[900:1400], y[900:1400])}


def test_an_untrained_net_loses_only_when_it_was_trained():
    rows, held = split_digits()
    result = judged(net(), *rows, **held)
    assert result.status == "fail"
    assert "500 validation rows" in result.message
    assert result.expected < 0.1 < result.measured
    json.dumps(result.to_dict())
    before = judged(net(), *rows, trained=False, **held)
    assert before.status == "pass"
    assert "nearest neighbours" in before.message


def test_a_trained_net_holds_its_own():
    rows, held = split_digits()
    assert judged(fitted(net(optimizer=ADAM(3e-3)), *rows), *rows, **held).status == "pass"


def test_training_rows_alone_are_enough():
    result = judged(net(), *some_digits())
    assert result.status == "fail"
    assert "neighbours" not in result.message
    model = fitted(net(optimizer=ADAM(3e-3)), *some_digits(), epochs=15)
    assert judged(model, *some_digits()).status == "pass"


def test_numbers_are_judged_by_the_models_own_loss():
    x, y = standard_diabetes()
    sick = net(1, None, (10,), loss="mae", optimizer=ADAM(1e-7))
    result = judged(sick, x, y)
    assert result.status == "fail"
    assert "ridge" in result.message
    well = fitted(net(1, None, (10,), loss="mae", optimizer=ADAM(0.01)), x, y)
    assert judged(well, x, y).status == "pass"


def test_several_labels_a_row():
    x, y = some_digits(800)
    labels = np.stack([y % 2, y > 4, y % 3 == 0], 1).astype("float32")
    sick = net(3, "sigmoid", loss="binary_crossentropy")
    assert judged(sick, x, labels).status == "fail"
    well = fitted(
        net(3, "sigmoid", loss="binary_crossentropy", optimizer=ADAM(0.01)), x, labels
    )
    assert judged(well, x, labels).status == "pass"


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_signs_and_their_borders(loss):
    x, y = cancer()
    signs = (2 * y - 1).astype("float32")
    well = fitted(net(1, None, (30,), loss=loss, optimizer=ADAM(3e-3)), x, signs)
    assert judged(well, x, signs).status == "pass"


def test_overfitting_is_no_proof():
    random = np.random.RandomState(0)
    x = random.normal(size=(600, 40)).astype("float32")
    y = (x[:, 0] + 0.1 * random.normal(size=600) > 0).astype("float32")
    held = x[300:], y[300:]
    model = net(1, "sigmoid", (40,), loss="binary_crossentropy")
    model.layers[-1].kernel.assign(np.zeros((32, 1)))
    train = x[:300], y[:300]
    wrong = np.where(random.uniform(size=300) < 0.5, 1 - y[300:], y[300:])
    assert judged(model, *train, validation_data=held).status == "fail"
    assert judged(model, *train, validation_data=(held[0], wrong)).status == "pass"


def test_classes_of_very_different_size():
    x, y = some_digits(1000)
    rare = (y == 3).astype("float32")
    model = compiled(L.Dense(1, activation="sigmoid"), loss="binary_crossentropy")
    arguments = {"class_weight": {0: 0.55, 1: 5.0}}
    assert judged(fitted(model, x, rare, **arguments), x, rare, **arguments).status == "pass"


def test_one_of_two_heads_is_only_a_warning():
    x, y = some_digits()
    inputs = keras.Input((64,))
    hidden = L.Dense(32, activation="relu")(inputs)
    outputs = [
        L.Dense(10, activation="softmax", name="digit")(hidden),
        L.Dense(1, activation="sigmoid", name="odd")(keras.ops.stop_gradient(hidden) * 0),
    ]
    model = keras.Model(inputs, outputs)
    model.compile(ADAM(3e-3), [healthy.SPARSE, "binary_crossentropy"])
    targets = [y, (y % 2).astype("float32")]
    model.fit(x, targets, epochs=15, verbose=0)
    assert judged(model, x, targets).status == "warn"


@pytest.mark.parametrize(("closes", "status"), [(0.01, "pass"), (0.99, "fail")])
def test_the_threshold_decides(closes, status):
    rows, held = split_digits()
    half = fitted(net(optimizer=ADAM(1e-3)), *rows, epochs=4)
    limits = {"closes": closes}
    assert judged(half, *rows, thresholds=limits, **held).status == status


@pytest.mark.parametrize("name", ["autoencoder", "pixels", "masked_tokens", "own_likelihood"])
def test_where_no_simple_model_can_stand_in(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    with pytest.raises(NotApplicable):
        judged(model, x, y, **settings)


def test_few_rows_are_skipped():
    with pytest.raises(NotApplicable, match="too few"):
        judged(net(), *some_digits(20))


@pytest.mark.parametrize(
    "name",
    ["class_weights", "dict_of_inputs", "label_smoothing", "counts", "siamese", "logits"],
)
def test_healthy_programs_pass(name):
    model, x, y, settings = healthy.BUILDERS[name]()
    fit = {k: v for k, v in settings.items() if k in ("class_weight", "epochs")}
    model.fit(x, y, verbose=0, **fit)
    assert judged(model, x, y, **settings).status == "pass"


def test_one_hot_labels_are_classes_too():
    x, y = some_digits()
    assert judged(net(loss="categorical_crossentropy"), x, one_hot(y)).status == "fail"
