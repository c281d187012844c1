"""The bias found is the closed form where there is one, the optimum of the loss where not."""

import keras
import numpy as np
import pytest
from keras import layers, losses, ops

from keras_recipe.core.errors import InputError
from keras_recipe.surgery.constants import best_constant
from keras_recipe.surgery.initialize import initialize_output_bias

ROWS = 200


def net(*tail, loss, shape=(5,)):
    """A built model whose kernels are zero, so that it predicts a constant."""
    model = keras.Sequential([keras.Input(shape), *tail])
    model.compile("sgd", loss)
    for weight in model.weights:
        if weight.name == "kernel":
            weight.assign(np.zeros(weight.shape))
    return model


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


def test_a_class_that_never_occurs_stays_finite():
    model = net(layers.Dense(4, activation="softmax"), loss=SPARSE)
    best = best_constant(model, CLASSES)
    assert best.outputs[0].form == "log"
    np.testing.assert_allclose(best.outputs[0].values[:3], np.log(PRIORS))
    assert best.outputs[0].values[3] == pytest.approx(np.log(0.5 / ROWS))


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


def best_on_a_grid(loss, transform, y, low, high):
    """Oracle: the lowest loss of a constant over a fine grid, one unit."""
    tries = np.linspace(low, high, 2001).astype("float32")

    def at(value):
        output = transform(ops.full((len(y), 1), value))
        return float(ops.convert_to_numpy(loss(ops.convert_to_tensor(y[:, None]), output)))

    # coarse to fine: the losses here have one minimum
    for _ in range(3):
        values = [at(t) for t in tries[::100]]
        best = tries[::100][int(np.argmin(values))]
        width = (tries[-1] - tries[0]) / 10
        tries = np.linspace(best - width, best + width, 2001).astype("float32")
    return best, min(values)


def pinball(y, z):
    return ops.maximum(0.9 * (y - z), -0.1 * (y - z))


SEARCHED = {
    "focal": ("sigmoid", losses.BinaryFocalCrossentropy(gamma=2.0), "binary", (-5, 5)),
    "smooth": ("sigmoid", losses.BinaryCrossentropy(label_smoothing=0.3), "binary", (-5, 5)),
    "huber": (None, losses.Huber(delta=30.0), "values", (0, 150)),
    "log_cosh": (None, losses.LogCosh(), "small", (0, 15)),
    "msle": ("softplus", losses.MeanSquaredLogarithmicError(), "values", (0, 150)),
}


@pytest.mark.parametrize("case", SEARCHED)
def test_a_loss_without_closed_form_is_searched(case):
    activation, loss, kind, span = SEARCHED[case]
    y = VALUES[:, 0] / (20 if kind == "small" else 1)
    y = (np.arange(ROWS) < 30).astype("float32") if kind == "binary" else y
    model = net(layers.Dense(1, activation=activation), loss=loss)
    value, lowest = best_on_a_grid(loss, keras.activations.get(activation), y, *span)
    best = check(model, y, [value], atol=0.02 * max(1, abs(value)))
    assert best.loss <= lowest * (1 + 1e-4)
    assert best.outputs[0].form.startswith("refined")


def test_focal_optimum_is_below_the_prior_for_many_classes():
    loss = losses.CategoricalFocalCrossentropy()
    model = net(layers.Dense(3, activation="softmax"), loss=loss)
    best = best_constant(model, ONE_HOT)
    prior = float(loss(ONE_HOT, np.tile(PRIORS, (ROWS, 1)).astype("float32")))
    assert best.loss < prior * 0.99


def test_label_smoothing_and_a_quantile_have_their_own_closed_forms():
    loss = losses.CategoricalCrossentropy(label_smoothing=0.2)
    model = net(layers.Dense(3, activation="softmax"), loss=loss)
    values = best_constant(model, ONE_HOT).outputs[0].values
    shares = np.exp(values) / np.exp(values).sum()
    np.testing.assert_allclose(shares, PRIORS * 0.8 + 0.2 / 3, atol=5e-3)
    best = best_constant(net(layers.Dense(1), loss=pinball), VALUES[:, 0])
    assert best.outputs[0].values[0] == pytest.approx(np.quantile(VALUES[:, 0], 0.9), rel=0.02)


def test_large_labels_are_searched_on_a_part_and_carried_to_the_whole():
    y = np.random.default_rng(0).normal(5.0, 2.0, size=20_000).astype("float32")
    best = best_constant(net(layers.Dense(1), loss="mse"), y)
    assert best.rows == 1024
    assert best.outputs[0].values[0] == pytest.approx(y.mean(), rel=1e-6)
    best = best_constant(net(layers.Dense(1), loss=losses.Huber(0.5)), y)
    assert best.outputs[0].values[0] == pytest.approx(np.median(y), abs=0.1)


def test_many_units_are_searched_along_a_few_directions():
    y = np.random.default_rng(0).gamma(2.0, size=(ROWS, 80)).astype("float32")
    best = best_constant(net(layers.Dense(80), loss=losses.Huber(0.3)), y)
    mean, median = (
        float(losses.Huber(0.3)(y, np.broadcast_to(c, y.shape).astype("float32")))
        for c in (y.mean(0), np.median(y, axis=0))
    )
    assert best.loss <= min(mean, median)


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


@pytest.mark.parametrize("form", ["dict", "list"])
def test_several_heads(form):
    inputs = keras.Input((5,))
    outputs = {
        "z": layers.Dense(3, activation="softmax", name="z")(inputs),
        "b": layers.Dense(1, name="b")(inputs),
    }
    targets = {"z": CLASSES, "b": VALUES[:, :1]}
    by_list = form == "list"
    model = keras.Model(inputs, list(outputs.values()) if by_list else outputs)
    model.compile(
        "sgd",
        [SPARSE, "mse"] if by_list else {"z": SPARSE, "b": "mse"},
        loss_weights=[2.0, 0.5] if by_list else {"z": 2.0, "b": 0.5},
    )
    y = list(targets.values()) if by_list else targets
    initialize_output_bias(model, y)
    bias = {name: keras.ops.convert_to_numpy(model.get_layer(name).bias) for name in outputs}
    np.testing.assert_allclose(bias["z"], np.log(PRIORS), rtol=1e-4)
    np.testing.assert_allclose(bias["b"], VALUES[:, :1].mean(0), rtol=1e-4)
    for name in outputs:
        kernel = model.get_layer(name).kernel
        kernel.assign(np.zeros(kernel.shape))
    x = np.zeros((ROWS, 5), "float32")
    loss = model.evaluate(x, y, verbose=0, batch_size=ROWS, return_dict=True)["loss"]
    assert loss == pytest.approx(best_constant(model, y).loss, rel=1e-4)


def test_an_overridden_compute_loss_is_used():
    class Mine(keras.Model):
        def __init__(self):
            super().__init__()
            self.head = layers.Dense(1)

        def call(self, inputs):
            return self.head(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean((y_pred - 2 * y) ** 2)

    model = Mine()
    model(np.ones((2, 5), "float32"))
    model.compile("sgd", "mse")
    initialize_output_bias(model, VALUES[:, :1])
    bias = float(ops.convert_to_numpy(model.head.bias)[0])
    assert bias == pytest.approx(2 * VALUES[:, 0].mean(), rel=1e-3)


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


def unbuilt():
    model = keras.Sequential([layers.Dense(3)])
    model.compile("sgd", SPARSE)
    return model


WRONG = {
    "no bias": (lambda: net(layers.Dense(3, use_bias=False), loss=SPARSE), CLASSES, "use_bias"),
    "frozen": (frozen, CLASSES, "frozen"),
    "unbuilt": (unbuilt, CLASSES, "not built"),
    "uncompiled": (uncompiled, CLASSES, "no loss"),
    "shared": (shared_heads, [VALUES[:, :1], VALUES[:, :1]], "share one bias"),
    "not found": (
        lambda: net(layers.Dense(3), layers.BatchNormalization(), loss="mse"),
        ONE_HOT,
        "BatchNormalization",
    ),
    "label too large": (frozen, CLASSES + 1, "from 1 to 3"),
    "strings": (frozen, np.array(["a"] * ROWS), "must be numbers"),
    "ragged": (frozen, [[1], [1, 2]], "not one array"),
    "empty": (frozen, np.zeros((0, 3)), "empty"),
    "nan": (frozen, ONE_HOT * np.nan, "NaN"),
    "shape": (frozen, np.zeros((ROWS, 7)), "do not fit"),
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


@pytest.mark.parametrize(
    "weight", [np.ones(3), -np.ones(ROWS), np.zeros(ROWS), np.full(ROWS, np.nan)]
)
def test_wrong_sample_weights(weight):
    model = net(layers.Dense(3, activation="softmax"), loss=SPARSE)
    with pytest.raises(InputError):
        initialize_output_bias(model, CLASSES, sample_weight=weight)
