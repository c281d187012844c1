import json

import keras
import numpy as np
import pytest
from healthy import ADAM, BUILDERS, some_digits
from keras import layers as L
from specimens import SPARSE, compiled, examine

from keras_recipe.checks.baseline.kr201_fixed_seed import fixed_seed
from keras_recipe.core.errors import NotApplicable


class Noise(L.Layer):
    """Adds noise in training; from NumPy without a seed, or as Keras wants it."""

    def __init__(self, seeded):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0) if seeded else None

    def call(self, x, training=False):
        if not training:
            return x
        if self.seeds is not None:
            return x + 0.1 * keras.random.normal(x.shape[1:], seed=self.seeds)
        noise = np.random.default_rng().normal(size=x.shape[1:])
        return x + keras.ops.convert_to_tensor(noise, "float32")


def noisy(seeded):
    hidden, head = L.Dense(16, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(hidden, Noise(seeded), head, optimizer=ADAM(3e-3))


def plain():
    return compiled(L.Dense(16, activation="relu"), L.Dense(10, activation="softmax"))


class Rows(keras.utils.PyDataset):
    """Batches whose rows are drawn anew at every look."""

    def __init__(self, draw):
        super().__init__()
        self.draw = draw
        self.x, self.y = some_digits(64)

    def __len__(self):
        return 2

    def __getitem__(self, index):
        rows = self.draw().permutation(len(self.x))[:32]
        return self.x[rows], self.y[rows]


def test_noise_that_no_seed_reaches_warns_and_is_named():
    model = noisy(seeded=False)
    result = examine(fixed_seed, model, *some_digits(64))
    assert result.status == "warn"
    assert result.where == model.layers[1].name
    json.dumps(result.to_dict())


@pytest.mark.parametrize(
    "name", ["group_norm_and_noise", "variational_autoencoder", "dict_of_inputs", "converged"]
)
def test_healthy_programs_pass(name):
    model, x, y, settings = BUILDERS[name]()
    assert examine(fixed_seed, model, x, y, **settings).status == "pass"


def test_noise_from_a_seed_generator_passes():
    result = examine(fixed_seed, noisy(seeded=True), *some_digits(64))
    assert result.status == "pass"
    assert result.measured == pytest.approx(0.0, abs=100)


def test_a_dataset_that_draws_without_a_seed_warns():
    result = examine(fixed_seed, plain(), Rows(np.random.default_rng))
    assert result.status == "warn"
    assert "PyDataset" in result.message


@pytest.mark.parametrize("draw", [lambda: np.random, lambda: np.random.default_rng(3)])
def test_a_dataset_that_draws_from_a_seed_passes(draw):
    assert examine(fixed_seed, plain(), Rows(draw)).status == "pass"


def test_a_shuffle_without_a_seed_warns():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(some_digits(64))
    seeded = data.shuffle(64).batch(32)  # the global seed is set
    tf.random.set_seed(None)
    unseeded = data.shuffle(64).batch(32)
    assert examine(fixed_seed, plain(), seeded).status == "pass"
    assert "no seed" in examine(fixed_seed, plain(), unseeded).message


def test_the_threshold_decides(monkeypatch):
    where = "keras_recipe.checks.baseline.kr201_fixed_seed.training_gap"
    monkeypatch.setattr(where, lambda *_: 1e-4)
    arguments = fixed_seed, plain(), *some_digits(64)
    assert examine(*arguments, thresholds={"ulps": 100}).status == "warn"
    assert examine(*arguments, thresholds={"ulps": 2000}).status == "pass"


def test_nothing_to_fit_is_skipped():
    with pytest.raises(NotApplicable, match="nothing to fit"):
        examine(fixed_seed, plain(), some_digits(64)[0])


def test_the_model_is_put_back():
    model = noisy(seeded=False)
    model.compile(ADAM(3e-3), SPARSE)
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in model.weights]
    examine(fixed_seed, model, *some_digits(64))
    after = [np.array(keras.ops.convert_to_numpy(v)) for v in model.weights]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert "call" not in vars(model.layers[1])
