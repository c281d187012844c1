"""The bias set is the closed form, on every kind of head, and `evaluate` agrees."""

import keras
import numpy as np
import pytest
from keras import layers, losses, ops
from specimens import constant_net as net

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.constants import best_constant
from keras_recipe.surgery.initialize import initialize_output_bias

ROWS = 200


def check(model, y, expected, *, atol=1e-3, **weights):
    """The bias is as expected, and `evaluate` gives the loss that was promised."""
    best = best_constant(model, y, **weights)
    assert initialize_output_bias(model, y, **weights) is model
    bias = keras.ops.convert_to_numpy(next(w for w in model.weights if w.name == "bias"))
    np.testing.assert_allclose(bias, np.asarray(expected), atol=atol)
    x = np.random.default_rng(1).normal(size=(len(y), *model.input_shape[1:]))
    kind = "sample_weight" if "sample_weight" in weights else None
    if "class_weight" not in weights:
        extra = {kind: weights[kind].astype("float32")} if kind else {}
        loss = model.evaluate(x, y, verbose=0, batch_size=ROWS, **extra)
        assert loss == pytest.approx(best.loss, rel=1e-4, abs=1e-6)
    assert best.loss <= best.zero_loss + 1e-6
    return best


CLASSES = np.repeat([0, 1, 2], [120, 60, 20])


PRIORS = np.array([0.6, 0.3, 0.1])


ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


ENTROPY = -(PRIORS * np.log(PRIORS)).sum()


SPARSE, DENSE = "sparse_categorical_crossentropy", "categorical_crossentropy"


LOGITS = {
    SPARSE: losses.SparseCategoricalCrossentropy(from_logits=True),
    DENSE: losses.CategoricalCrossentropy(from_logits=True),
}


@pytest.mark.parametrize("form", ["softmax", "logits", "layer"])
@pytest.mark.parametrize("loss", [SPARSE, DENSE])
@pytest.mark.parametrize("column", [False, True])
def test_classes_get_log_priors(form, loss, column):
    y = ONE_HOT if loss == DENSE else CLASSES[:, None] if column else CLASSES
    head = [layers.Dense(3, activation="softmax" if form == "softmax" else None)]
    head += [layers.Softmax()] if form == "layer" else []
    model = net(*head, loss=LOGITS[loss] if form == "logits" else loss)
    best = check(model, y, np.log(PRIORS))
    assert best.loss == pytest.approx(ENTROPY, rel=1e-4)
    if form != "logits":
        assert best.zero_loss == pytest.approx(np.log(3), rel=1e-4)
    np.testing.assert_allclose(
        best.outputs[0].prediction, np.log(PRIORS) if form == "logits" else PRIORS, rtol=1e-4
    )


def test_soft_labels():
    soft = (ONE_HOT * 0.7 + 0.1).astype("float32")
    model = net(layers.Dense(3, activation="softmax"), loss=DENSE)
    check(model, soft, np.log(PRIORS * 0.7 + 0.1))


@pytest.mark.parametrize("loss", [SPARSE, DENSE])
def test_class_and_sample_weights_shift_the_priors(loss):
    y = ONE_HOT if loss == DENSE else CLASSES
    weighted = PRIORS * [1, 2, 6] / (PRIORS * [1, 2, 6]).sum()
    model = net(layers.Dense(3, activation="softmax"), loss=loss)
    check(model, y, np.log(weighted), class_weight={1: 2.0, 2: 6.0})
    check(model, y, np.log(weighted), sample_weight=np.array([1.0, 2.0, 6.0])[CLASSES])
    with pytest.raises(InputError, match="not both"):
        initialize_output_bias(model, y, sample_weight=np.ones(ROWS), class_weight={0: 1.0})


def logit(p):
    return np.log(np.asarray(p)) - np.log1p(-np.asarray(p))


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("sigmoid", "binary_crossentropy"),
        (None, losses.BinaryCrossentropy(from_logits=True)),
        (None, lambda y, z: ops.maximum(z, 0) - z * y + ops.log1p(ops.exp(-ops.abs(z)))),
    ],
)
def test_binary_and_multi_label_get_logits(activation, loss):
    y = (np.arange(ROWS) < 50).astype("int32")
    for labels in (y, y[:, None]):
        check(net(layers.Dense(1, activation=activation), loss=loss), labels, [logit(0.25)])
    many = np.stack([y, np.arange(ROWS) < 180], axis=1).astype("float32")
    check(net(layers.Dense(2, activation=activation), loss=loss), many, logit([0.25, 0.9]))
    best = check(
        net(layers.Dense(1, activation=activation), loss=loss),
        y,
        [0.0],
        class_weight={1: 3.0},
    )
    assert best.zero_loss == pytest.approx(np.log(2) * 1.5, rel=1e-4)


VALUES = np.random.default_rng(0).gamma(2.0, 20.0, size=(ROWS, 2)).astype("float32")


COUNTS = np.random.default_rng(0).poisson([0.5, 3.0], size=(ROWS, 2)).astype("float32")


MEAN = COUNTS.mean(0)


CLOSED = [
    (None, "mse", VALUES, VALUES.mean(0)),
    (None, "mse", VALUES * 1e4 + 1e6, (VALUES * 1e4 + 1e6).mean(0)),
    (None, "mae", VALUES[:-1], np.median(VALUES[:-1], axis=0)),
    ("exponential", "poisson", COUNTS, np.log(MEAN)),
    ("softplus", "poisson", COUNTS, np.log(np.expm1(MEAN))),
    ("softplus", "mse", COUNTS, np.log(np.expm1(MEAN))),
    ("relu", "mse", COUNTS, MEAN),
    ("tanh", "mse", np.tanh(VALUES - 40), np.arctanh(np.tanh(VALUES - 40).mean(0))),
    ("sigmoid", "mse", VALUES / 200, logit((VALUES / 200).mean(0))),
    (None, lambda y, z: ops.exp(z) - y * z, COUNTS, np.log(MEAN)),
]


@pytest.mark.parametrize("case", CLOSED)
def test_regression_and_counts(case):
    activation, loss, y, expected = case
    model = net(layers.Dense(2, activation=activation), loss=loss)
    best = check(model, y, expected, atol=1e-4 * np.abs(expected).max())
    assert "refined" not in best.outputs[0].form


def test_weighted_median():
    y, weight = np.array([1.0, 2.0, 3.0, 10.0]), np.array([1.0, 1.0, 1.0, 4.0])
    model = net(layers.Dense(1), loss="mae")
    check(model, y, [10.0], sample_weight=weight)


def pixel_labels(shape=(ROWS, 4, 4)):
    return (np.random.default_rng(0).random(shape) < 0.2).astype("int32")


@pytest.mark.parametrize("sparse", [True, False])
def test_per_pixel_heads(sparse):
    y = pixel_labels()
    share = np.array([1 - y.mean(), y.mean()])
    head = layers.Conv2D(2, 3, padding="same", activation="softmax")
    model = net(head, loss=SPARSE if sparse else DENSE, shape=(4, 4, 1))
    check(model, y if sparse else np.eye(2)[y], np.log(share))
    mask = net(layers.Conv2D(1, 1, activation="sigmoid"), loss="bce", shape=(4, 4, 1))
    check(mask, y[..., None], [logit(y.mean())])


def test_per_token_heads_with_weights_and_an_ignored_class():
    y = np.tile([0, 1, 1, 2, 9], (ROWS, 1))
    weight = np.tile([1.0, 1.0, 1.0, 2.0, 0.0], (ROWS, 1))
    loss = losses.SparseCategoricalCrossentropy(ignore_class=9)
    head = layers.TimeDistributed(layers.Dense(3, activation="softmax", name="deep"))
    model = net(head, loss=loss, shape=(5, 2))
    check(model, y, np.log([1 / 4, 2 / 4, 1 / 4]), atol=5e-3)
    model = net(layers.Dense(3, activation="softmax"), loss=SPARSE, shape=(4, 2))
    check(model, y[:, :4], np.log([1 / 5, 2 / 5, 2 / 5]), sample_weight=weight[:, :4])


def test_a_bias_for_each_position_and_a_bias_that_repeats():
    y = np.random.default_rng(0).random((ROWS, 2, 3)).astype("float32")
    model = net(layers.Dense(6), layers.Reshape((2, 3)), loss="mse")
    check(model, y, y.mean(0).ravel())
    model = net(layers.Conv2D(3, 1), layers.Flatten(), loss="mse", shape=(2, 1, 1))
    check(model, y.reshape(ROWS, 6), y.mean((0, 1)))
    classes = (y.argmax(-1)).astype("int32")
    model = net(layers.Dense(6), layers.Reshape((2, 3)), layers.Softmax(), loss=SPARSE)
    shares = np.stack([np.bincount(classes[:, i]) for i in range(2)]) / ROWS
    check(model, classes, np.log(shares).ravel())


def shared_heads():
    inputs, other = keras.Input((5,)), keras.Input((5,))
    head = layers.Dense(1)
    model = keras.Model([inputs, other], [head(inputs), head(other)])
    model.compile("sgd", "mse")
    return model


def uncompiled():
    return keras.Sequential([keras.Input((5,)), layers.Dense(3)])


def frozen():
    model = net(layers.Dense(3, activation="softmax"), loss=SPARSE)
    model.layers[-1].trainable = False
    return model


def scaled():
    return net(layers.Dense(1), layers.Lambda(lambda x: 2 * x), loss="mse")


class OwnLoss(keras.Model):
    """Squared error, computed by the model itself."""

    needs_inputs = False

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(1)

    def call(self, x):
        return self.head(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if self.needs_inputs:
            y = y + x.shape[0]
        return keras.ops.mean(keras.ops.square(y_pred - keras.ops.reshape(y, (-1, 1))))


class OwnLossOfInputs(OwnLoss):
    needs_inputs = True


def own_loss(kind=OwnLoss):
    model = kind()
    model.compile("sgd")
    model(np.zeros((1, 5), "float32"))
    return model


def test_a_loss_that_the_model_computes_itself():
    model = initialize_output_bias(own_loss(), VALUES[:, 0])
    bias = keras.ops.convert_to_numpy(model.head.bias)
    assert bias == pytest.approx(VALUES[:, 0].mean(), rel=1e-4)


def test_a_loss_made_of_a_lambda_is_read_without_a_word(recwarn):
    model = net(layers.Dense(1), loss=lambda y, z: (y - z) ** 2)
    initialize_output_bias(model, VALUES[:, :1])
    assert not [w for w in recwarn if issubclass(w.category, UserWarning)]


def unbuilt():
    model = keras.Sequential([layers.Dense(3)])
    model.compile("sgd", SPARSE)
    return model


WRONG = {
    "no bias": (lambda: net(layers.Dense(3, use_bias=False), loss=SPARSE), CLASSES, "use_bias"),
    "frozen": (frozen, CLASSES, "frozen"),
    "unbuilt": (unbuilt, CLASSES, "not built"),
    "scaled": (scaled, VALUES[:, :1], "No Keras activation leads"),
    "a loss of inputs": (lambda: own_loss(OwnLossOfInputs), VALUES[:, :1], "more than labels"),
    "uncompiled": (uncompiled, CLASSES, "no loss"),
    "shared": (shared_heads, [VALUES[:, :1], VALUES[:, :1]], "share one bias"),
    "not found": (
        lambda: net(layers.Dense(3), layers.BatchNormalization(), loss="mse"),
        ONE_HOT,
        "BatchNormalization",
    ),
    "one of two": (shared_heads, VALUES[:, :1], "one array for each"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_one_sentence_and_changes_nothing(case):
    build, y, text = WRONG[case]
    model = build()
    before = [w.copy() for w in model.get_weights()]
    with pytest.raises(InputError, match=text):
        initialize_output_bias(model, y)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
