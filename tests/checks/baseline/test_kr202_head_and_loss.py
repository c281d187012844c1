import keras
import numpy as np
import pytest
from keras import layers, ops
from specimens import SPARSE, cancer, compiled, diabetes, digits, examine, one_hot

from keras_recipe.checks.baseline.kr202_head_and_loss import head_and_loss
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

BCE, CCE = "binary_crossentropy", "categorical_crossentropy"
L = keras.losses


def judged(activation, loss, units, x, y, optimizer="adam", metrics=None):
    model = compiled(
        layers.Dense(units, activation=activation),
        shape=x.shape[1:],
        loss=loss,
        optimizer=optimizer,
        metrics=metrics,
    )
    return examine(head_and_loss, model, x, y)


def standard():
    x, y = diabetes()
    return x, (y - y.mean()) / y.std()


def rows(y, *columns):
    return np.stack([column(y) for column in columns], 1).astype("float32")


def several():
    x, y = digits()
    return x, rows(y, lambda v: v % 2 == 0, lambda v: v > 4, lambda v: v % 3 == 0)


def hot():
    x, y = digits()
    return x, one_hot(y)


def signs():
    x, y = cancer()
    return x, 2 * y - 1


def negative_error(y_true, y_pred):
    return -ops.mean(ops.square(y_true - y_pred), axis=-1)


def clipped(y_true, y_pred):
    return ops.minimum(ops.square(y_true - y_pred), 0.05)


def own_logits(y_true, y_pred):
    return L.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)


def critic(y_true, y_pred):
    return ops.mean(ops.reshape(y_true, (-1, 1)) * y_pred)


def half(y_true, y_pred):
    return -ops.mean(ops.reshape(y_true, (-1, 1)) * ops.log(y_pred + 1e-7))


def svr(y_true, y_pred):
    return ops.maximum(ops.abs(y_true - y_pred) - 0.1, 0.0)


SICK = {
    "double softmax": (
        lambda: judged(
            "softmax", L.SparseCategoricalCrossentropy(from_logits=True), 10, *digits()
        ),
        "already",
    ),
    "own double softmax": (lambda: judged("softmax", own_logits, 10, *digits()), "already"),
    "raw scores": (lambda: judged(None, SPARSE, 10, *digits()), "probabilities"),
    "raw yes or no": (lambda: judged("tanh", BCE, 1, *cancer()), "probabilities"),
    "sigmoid classes": (lambda: judged("sigmoid", CCE, 10, *hot()), "of its own"),
    "softmax labels": (lambda: judged("softmax", BCE, 3, *several()), "several labels"),
    "relu output": (lambda: judged("relu", "mse", 1, *standard()), "out of its reach"),
    "sigmoid amounts": (lambda: judged("sigmoid", "mae", 1, *diabetes()), "out of its reach"),
    "sigmoid hinge": (lambda: judged("sigmoid", "hinge", 1, *signs()), "out of its reach"),
    "class numbers": (
        lambda: judged(None, "mse", 1, *digits(), metrics=["accuracy"]),
        "class numbers as amounts",
    ),
    "flipped sign": (lambda: judged(None, negative_error, 1, *standard()), "rewards"),
    "clipped": (lambda: judged(None, clipped, 1, *standard()), "does not change"),
    "missing term": (lambda: judged("sigmoid", half, 1, *cancer()), "labelled 0"),
    "log of negative": (
        lambda: judged(None, "poisson", 1, diabetes()[0], np.round(diabetes()[1] / 50)),
        "logarithm",
    ),
}
HEALTHY = {
    "classes": lambda: judged("softmax", SPARSE, 10, *digits(), metrics=["accuracy"]),
    "scores": lambda: judged(
        None, L.SparseCategoricalCrossentropy(from_logits=True), 10, *digits()
    ),
    "own scores": lambda: judged(None, own_logits, 10, *digits()),
    "yes or no": lambda: judged("sigmoid", BCE, 1, *cancer()),
    "labels": lambda: judged("sigmoid", BCE, 3, *several()),
    "amounts": lambda: judged(None, "mse", 1, *diabetes()),
    "positive amounts": lambda: judged("relu", "mae", 1, *diabetes()),
    "signs": lambda: judged("tanh", "hinge", 1, *signs()),
    "critic": lambda: judged(None, critic, 1, *signs()),
    "band": lambda: judged(None, svr, 1, *standard()),
    "images": lambda: judged("sigmoid", BCE, 64, digits()[0], digits()[0]),
    "two softmax units": lambda: judged(
        "softmax", BCE, 2, cancer()[0], one_hot(cancer()[1].astype(int), 2)
    ),
}


@pytest.mark.parametrize("name", SICK)
def test_a_contradiction_fails_and_is_named(name):
    build, said = SICK[name]
    result = build()
    assert result.status is Status.FAIL
    assert said in result.message
    assert result.cause
    assert result.fix.text


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_heads_pass(name):
    result = HEALTHY[name]()
    assert result.status is Status.PASS, result.message


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_softmax_over_one_unit_fails():
    result = judged("softmax", BCE, 1, *cancer())
    assert result.status is Status.FAIL
    assert "one unit" in result.message


def test_softmax_on_top_of_softmax_fails():
    model = compiled(layers.Dense(10, activation="softmax"), layers.Activation("softmax"))
    result = examine(head_and_loss, model, *digits())
    assert result.status is Status.FAIL
    assert "0.232" in result.message  # e / (e + 9)


def by_step(axis):
    """A class for each of 8 rows of a digit's picture, softmax over `axis`."""
    x, y = digits()
    x = x.reshape(-1, 8, 8)
    classes = (y[:, None] + np.arange(8)) % 10
    stack = layers.Dense(10), layers.Softmax(axis=axis)
    return examine(head_and_loss, compiled(*stack, shape=(8, 8)), x, classes)


def test_a_softmax_over_the_steps_fails():
    result = by_step(1)
    assert result.status is Status.FAIL
    assert "over axis 1" in result.message
    assert by_step(-1).status is Status.PASS


def test_a_divergence_that_rewards_a_larger_sum_fails():
    x, y = hot()
    soft = 0.8 * y + 0.02
    result = judged("sigmoid", "kl_divergence", 10, x, soft)
    assert result.status is Status.FAIL
    assert "add up to" in result.message
    assert judged("softmax", "kl_divergence", 10, x, soft).status is Status.PASS


def test_a_cast_behind_a_softmax_passes():
    cast = layers.Activation("linear", dtype="float32")
    model = compiled(layers.Dense(10, activation="softmax"), cast)
    assert examine(head_and_loss, model, *digits()).status is Status.PASS


@pytest.mark.parametrize(
    ("activation", "loss"), [("softmax", "mse"), ("sigmoid", BCE), ("softmax", BCE)]
)
def test_what_works_but_is_not_meant_warns(activation, loss):
    assert judged(activation, loss, 10, *hot()).status is Status.WARN


@pytest.mark.parametrize("activation", ["sigmoid", "hard_sigmoid"])
def test_a_squared_error_behind_an_output_with_limits_has_no_slope_there(activation):
    result = judged(activation, "mse", 1, *cancer(), metrics=["accuracy"])
    assert result.status is Status.WARN
    assert f"Behind a {activation} it has no slope" in result.cause


@pytest.mark.parametrize(("rate", "status"), [(0.1, Status.WARN), (0.003, Status.PASS)])
def test_a_summed_loss_counts_only_where_the_step_follows_it(rate, status):
    loss = L.SparseCategoricalCrossentropy(reduction="sum")
    result = judged("softmax", loss, 10, *digits(), optimizer=keras.optimizers.SGD(rate))
    assert result.status in ({status, Status.FAIL} if status is Status.WARN else {status})


def test_a_summed_loss_does_not_matter_to_adam():
    loss = L.SparseCategoricalCrossentropy(reduction="sum")
    assert judged("softmax", loss, 10, *digits()).status is Status.PASS


@pytest.mark.parametrize(("share", "fails"), [(0.02, False), (0.3, True)])
def test_a_few_targets_out_of_reach_are_let_go(share, fails):
    x, y = diabetes()
    y = np.abs(y - y.mean()) / y.std()
    y[: int(share * len(y))] *= -1
    y[: int(share * len(y))] *= 1.0 if fails else 0.1
    status = judged("relu", "mse", 1, x, y).status
    assert (status is Status.FAIL) == fails


def test_without_targets_it_does_not_apply():
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    with pytest.raises(NotApplicable, match="no targets"):
        examine(head_and_loss, model, diabetes()[0])


def test_a_loss_of_ones_own_by_a_known_name_keeps_its_own_contract():
    def binary_crossentropy(y_true, y_pred):
        return keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)

    def poisson(y_true, y_pred):
        return keras.losses.poisson(y_true, ops.exp(y_pred))

    x, y = cancer()
    for loss in (binary_crossentropy, poisson):
        assert judged("linear", loss, 1, x, y).status is not Status.FAIL


@pytest.mark.parametrize(
    ("under", "least"), [("relu", "0.5"), ("softplus", "0.5"), ("silu", "0.4")]
)
def test_a_sigmoid_of_scores_that_cannot_fall_fails(under, least):
    stack = layers.Dense(1, activation=under), layers.Activation("sigmoid")
    model = compiled(*stack, shape=(30,), loss=BCE)
    result = examine(head_and_loss, model, *cancer())
    assert result.status is Status.FAIL
    assert f"never say less than {least}" in result.message
    scores = judged(under, L.BinaryCrossentropy(from_logits=True), 1, *cancer())
    assert scores.status is Status.FAIL


def test_a_sigmoid_of_positive_scores_may_speak_of_what_is_likely():
    x, y = cancer()
    stack = layers.Dense(1, activation="relu"), layers.Activation("sigmoid")
    model = compiled(*stack, shape=(30,), loss=BCE)
    assert examine(head_and_loss, model, x, 0.6 + 0.3 * y).status is not Status.FAIL


def known_ones(y_true, y_pred):
    known = ops.cast(y_true >= 0, y_pred.dtype)
    y_true, y_pred = ops.maximum(y_true, 0.0), ops.clip(y_pred, 1e-6, 1 - 1e-6)
    each = y_true * ops.log(y_pred) + (1 - y_true) * ops.log(1 - y_pred)
    return -ops.mean(known * each, axis=-1)


def test_labels_that_a_loss_leaves_out_are_no_rows_without_gradient():
    x, y = hot()
    y = np.where(np.random.default_rng(0).random(y.shape) < 0.1, -1.0, y).astype("float32")
    assert judged("sigmoid", known_ones, 10, x, y).status is not Status.FAIL


def test_a_dropout_that_stays_on_is_no_second_softmax():
    class Noisy(keras.Model):
        def __init__(self):
            super().__init__()
            self.drop = layers.Dropout(0.5)
            self.head = layers.Dense(10, activation="softmax")

        def call(self, x):
            return self.head(self.drop(x, training=True))

    x, y = digits()
    model = Noisy()
    model.compile("adam", SPARSE)
    assert "softmax and then" not in examine(head_and_loss, model, x, y).message


def near_where_one(y_true, distance):
    """Contrastive loss (Hadsell 2006) of rows that are alike where the label is 1."""
    same, far = ops.reshape(y_true, ops.shape(distance)), ops.maximum(1.0 - distance, 0.0)
    return ops.mean(same * ops.square(distance) + (1 - same) * ops.square(far), axis=-1)


def overlap(y_true, y_pred):
    both = 2 * ops.sum(ops.reshape(y_true, ops.shape(y_pred)) * y_pred)
    return both / (ops.sum(y_true) + ops.sum(y_pred))


@pytest.mark.parametrize(
    ("loss", "metrics", "status"),
    [
        (near_where_one, None, Status.WARN),  # a distance
        (near_where_one, ["accuracy"], Status.FAIL),  # that is read as the label all the same
        (overlap, None, Status.FAIL),  # a score that is to be large
    ],
)
def test_a_distance_is_no_flipped_sign(loss, metrics, status):
    x, y = cancer()
    result = judged("sigmoid", loss, 1, x, y.astype("float32"), metrics=metrics)
    assert result.status is status
