import keras
import pytest
import sick
from healthy import ADAM, BUILDERS, some_digits
from keras import layers as L
from specimens import compiled, examine

from keras_recipe.checks.baseline.kr217_train_inference_gap import train_inference_gap
from keras_recipe.core.errors import NotApplicable


class MonteCarlo(L.Dropout):
    """Draws when predicting, too."""

    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


def verdict(program):
    model, x, y, settings = program
    return examine(train_inference_gap, model, x, y, **settings)


@pytest.mark.parametrize(("rate", "status"), [(0.5, "fail"), (0.2, "warn")])
def test_dropout_that_stays_on_fails_and_little_of_it_may_be_meant(rate, status):
    stack = L.Dense(32, activation="relu"), MonteCarlo(rate), L.Dense(10, activation="softmax")
    result = verdict((compiled(*stack, optimizer=ADAM(3e-3)), *some_digits(), {}))
    assert result.status == status
    assert result.measured > 0


class Drawn(L.Layer):
    """A variational code that draws when predicting, too."""

    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(0)

    def call(self, mean):
        self.add_loss(1e-3 * keras.ops.mean(keras.ops.square(mean)))
        return mean + keras.random.normal(keras.ops.shape(mean), seed=self.seed)


def test_a_code_that_is_drawn_on_purpose_warns():
    x, _ = some_digits()
    stack = L.Dense(8), Drawn(), L.Dense(64, activation="sigmoid")
    assert verdict((compiled(*stack, loss="mse"), x, x, {})).status == "warn"


def test_statistics_that_lag_for_the_whole_plan_fail():
    result = verdict(sick.slow_statistics())
    assert result.status == "fail"
    assert result.measured > 3 * result.expected


def test_statistics_that_only_make_right_answers_unsure_warn():
    x, y = some_digits()
    stack = L.Dense(64, activation="relu"), L.Dense(10, activation="softmax")
    model = compiled(L.BatchNormalization(), *stack, optimizer=ADAM(3e-3))
    model.fit(x, y, epochs=30, verbose=0)
    norm = model.layers[0]
    norm.moving_variance.assign(30 * norm.moving_variance)  # the same features, much smaller
    result = verdict((model, x, y, {}))
    assert result.status == "warn"


@pytest.mark.parametrize("name", ["batch_norm_images", "group_norm_and_noise", "converged"])
def test_healthy_programs_pass(name):
    assert verdict(BUILDERS[name]()).status == "pass"


def test_a_stateful_layer_is_skipped():
    with pytest.raises(NotApplicable, match="stateful"):
        verdict(BUILDERS["stateful_recurrence"]())
