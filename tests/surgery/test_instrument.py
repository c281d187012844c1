"""The watched step gives the numbers of the plain one, and leaves nothing behind."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.surgery.instrument import CannotWatch, instrument
from keras_recipe.surgery.step_norms import ELEMENTS, StepNorms
from keras_recipe.surgery.step_recorder import STEPS


class Watch(keras.callbacks.Callback):
    """Watches a fit and keeps its readings."""

    def __init__(self):
        super().__init__()
        self.readings = []

    def on_train_begin(self, logs=None):
        self.instrument = instrument(self.model)

    def on_epoch_end(self, epoch, logs=None):
        self.readings.append(self.instrument.read())

    def on_train_end(self, logs=None):
        self.instrument.remove()


class OwnStep(keras.Model):
    """A subclassed model that updates half of its weights by an `apply` of its own."""

    def __init__(self):
        super().__init__()
        self.first = layers.Dense(8, activation="relu")
        self.second = layers.Dense(3)

    def call(self, x):
        return self.second(self.first(x))


def rows(n=96, features=6):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n, features)).astype("float32")
    return x, generator.integers(0, 3, n)


def dense(optimizer=None, units=8, **compile_arguments):
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(units, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or keras.optimizers.Adam(0.01), loss, **compile_arguments)
    return model


def tokens():
    model = keras.Sequential(
        [keras.Input((6,)), layers.Embedding(50, 4), layers.LSTM(4), layers.Dense(3, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def subclassed():
    model = OwnStep()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    return model


def half():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return dense()
    finally:
        keras.config.set_dtype_policy("float32")


PROGRAMS = {
    "dense": dense,
    "large": lambda: dense(units=ELEMENTS // 4),
    "tokens": tokens,
    "subclassed": subclassed,
    "half": half,
    "accumulated": lambda: dense(keras.optimizers.Adam(0.01, gradient_accumulation_steps=3)),
    "eager": lambda: dense(run_eagerly=True),  # seconds on JAX
}


def trained(build, watched):
    """Losses and final state of a fit."""
    keras.utils.set_random_seed(3)
    model, watch = build(), Watch()
    x, y = rows()
    if build is tokens:
        x = np.abs(x * 20).astype("int32") % 50
    callbacks = [watch] if watched else []
    fit = {"batch_size": 16, "verbose": 0, "callbacks": callbacks}
    losses = model.fit(x, y, **fit).history["loss"]
    losses += model.fit(x, y, **fit).history["loss"]
    state = [
        keras.ops.convert_to_numpy(v).copy()
        for v in (*model.variables, *model.optimizer.variables)
    ]
    return losses, state, watch


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_numbers_are_the_same_bit_for_bit(program):
    plain, plain_state, _ = trained(PROGRAMS[program], watched=False)
    watched, state, watch = trained(PROGRAMS[program], watched=True)
    assert watch.instrument.failure == ""
    assert watched == plain
    for a, b in zip(state, plain_state, strict=True):
        assert a.tobytes() == b.tobytes()
    assert [r.total for r in watch.readings] == [6] * 2
    assert all(len(r.steps) and not r.first_bad for r in watch.readings)
    assert np.isfinite(watch.readings[-1].norms).all()
    assert watch.readings[-1].norms[:, :, 1].min() >= 0


def test_norms_are_those_of_the_step():
    """SGD: the update is the gradient times the rate; one batch a step, so all is known."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(5, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.125), "mse")
    x = np.random.default_rng(1).normal(size=(8, 4)).astype("float32")
    y = np.zeros((8, 5), "float32")
    kernel = keras.ops.convert_to_numpy(model.weights[0]).copy()
    gradient = 2 * x.T @ (x @ kernel) / y.size
    watch = Watch()
    model.fit(x, y, batch_size=8, epochs=1, verbose=0, callbacks=[watch])
    found = watch.readings[0].norms[0, 0]
    after = np.linalg.norm(kernel - 0.125 * gradient)
    expected = [np.linalg.norm(gradient), after, 0.125 * np.linalg.norm(gradient)]
    assert found == pytest.approx(expected, rel=1e-4)


def test_the_first_bad_step_is_exact_though_newer_steps_followed():
    x, y = rows(16 * (STEPS + 40))
    x[16 * 7 + 3] = np.nan  # in the eighth batch
    model, watch = dense(), Watch()
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[watch])
    reading = watch.readings[0]
    assert set(reading.first_bad.values()) == {7}
    assert np.isfinite(reading.norms[reading.steps < 7]).all()
    assert reading.steps.max() <= 7
    assert reading.total == STEPS + 40


def test_nothing_is_left_behind():
    x, y = rows()
    model, watch = dense(), Watch()
    model.fit(x, y, verbose=0)
    cls, function = type(model.optimizer), model.train_function
    names = sorted(vars(model.optimizer))
    count = len(model.optimizer.variables)
    model.fit(x, y, verbose=0, callbacks=[watch])
    assert type(model.optimizer) is cls
    assert model.train_function is function
    assert sorted(vars(model.optimizer)) == names
    assert len(model.optimizer.variables) == count


def test_an_interrupted_fit_is_cleaned_up_by_the_next():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    x, y = rows()
    model, watch = dense(), Watch()
    cls = type(model.optimizer)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0, callbacks=[watch, Stop()])
    model.fit(x, y, verbose=0, callbacks=[watch])
    assert type(model.optimizer) is cls
    assert watch.readings[-1].total == 3


def test_files_saved_meanwhile_are_plain(tmp_path):
    class Save(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.save(tmp_path / "whole.keras")
            self.model.save_weights(tmp_path / "some.weights.h5")

    x, y = rows()
    model = dense()
    model.fit(x, y, batch_size=16, verbose=0, callbacks=[Watch(), Save()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns when optimizer state is dropped
        loaded = keras.models.load_model(tmp_path / "whole.keras")
    assert type(loaded.optimizer) is type(model.optimizer)
    ours, theirs = model.optimizer.variables, loaded.optimizer.variables
    assert [keras.ops.convert_to_numpy(v).copy().tobytes() for v in theirs] == [
        keras.ops.convert_to_numpy(v).copy().tobytes() for v in ours
    ]
    other = dense()
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "some.weights.h5")
    assert np.array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))
    more = [m.fit(x, y, shuffle=False, verbose=0).history["loss"] for m in (loaded, loaded)]
    assert np.isfinite(more).all()


def test_weights_can_be_loaded_meanwhile(tmp_path):
    """As `BackupAndRestore` does when training begins."""
    x, y = rows()
    model = dense()
    model.fit(x, y, batch_size=16, verbose=0)
    model.save_weights(tmp_path / "some.weights.h5")
    iterations = int(model.optimizer.iterations)

    class Load(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.load_weights(tmp_path / "some.weights.h5")

    model.fit(x, y, batch_size=16, verbose=0, callbacks=[Watch(), Load()])
    assert int(model.optimizer.iterations) == iterations + 6


def test_the_step_is_compiled_once_for_several_fits():
    calls = []

    class Counting(layers.Layer):
        def call(self, x):
            calls.append(1)
            return x

    x, y = rows()
    model = keras.Sequential([keras.Input((6,)), Counting(), layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    counts = []
    for _ in range(3):
        before = len(calls)
        model.fit(x, y, batch_size=16, verbose=0, callbacks=[Watch()])
        counts.append(len(calls) - before)
    assert counts[1] == counts[2] <= counts[0]
    model.make_train_function(force=True)  # as a toggle does: the step is read anew
    before = len(calls)
    model.fit(x, y, batch_size=16, verbose=0, callbacks=[Watch()])
    assert len(calls) - before >= counts[1]


def test_a_recorder_that_fails_leaves_the_training_alone(monkeypatch):
    def broken(*args):
        msg = "no such operation"
        raise ValueError(msg)

    plain, _, _ = trained(dense, watched=False)
    monkeypatch.setattr(StepNorms, "row", broken)
    watched, _, watch = trained(dense, watched=True)
    assert watched == plain
    assert "no such operation" in watch.instrument.failure
    assert not len(watch.readings[0].steps)


def test_several_steps_in_one_execution():
    x, y = rows()
    try:
        model = dense(steps_per_execution=3)
        model.fit(x, y, batch_size=16, verbose=0)
    except ValueError:
        pytest.skip("this backend makes one step an execution")
    watch = Watch()
    model.fit(x, y, batch_size=16, verbose=0, callbacks=[watch])
    assert watch.readings[0].steps.tolist() == list(range(6))


def test_weights_that_the_loss_does_not_see_have_no_gradient_norm():
    class Idle(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.idle = layers.Dense(3), layers.Dense(3)

        def call(self, x):
            return self.used(x) + keras.ops.stop_gradient(self.idle(x))

    model, watch = Idle(), Watch()
    model.compile("sgd", "mse")
    x, _ = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow: gradients do not exist
        model.fit(x, x[:, :3], verbose=0, callbacks=[watch])
    gradients = watch.readings[0].norms[:, :, 0]
    assert (gradients[:, :2] > 0).all()
    assert (gradients[:, 2:] <= 0).all()


def test_what_cannot_be_watched_says_so():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
    with pytest.raises(CannotWatch, match="no Keras optimizer"):
        instrument(model)
    model.compile("sgd", "mse")
    model.trainable = False
    with pytest.raises(CannotWatch, match="no trainable weights"):
        instrument(model)
    several = keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(keras.optimizers.Adam())
    )
    model.trainable = True
    model.compile(several, "mse")
    with pytest.raises(CannotWatch, match="several optimizers"):
        instrument(model)
