"""Decay off means a constant rate in the updates made; on means the schedule of before."""

import keras
import numpy as np
import pytest
from specimens import classifier, compiled, digits

import keras_recipe
from keras_recipe.core.errors import InputError
from keras_recipe.surgery.optimizer import innermost, rate_of
from keras_recipe.surgery.preserve import preserve
from keras_recipe.surgery.schedule import at_rates, peak_of, set_learning_rate_decay

schedules = keras.optimizers.schedules
SGD = keras.optimizers.SGD
numpy_of = keras.ops.convert_to_numpy
X, Y = (part[:32] for part in digits())


class Warmup(schedules.LearningRateSchedule):
    """That of "Attention is all you need"."""

    def __call__(self, step):
        step = keras.ops.cast(step, "float32") + 1
        return 0.05 * keras.ops.minimum(step**-0.5, step * 400.0**-1.5)

    def get_config(self):
        return {}


class Rising(Warmup):
    def __call__(self, step):
        return keras.ops.cast(step, "float32")


def halving(rate=0.4):
    """A rate that is halved with every step."""
    return schedules.ExponentialDecay(rate, 1, 0.5)


def step_size(model):
    """How far one step goes; it is undone."""
    with preserve(model):
        before = model.get_weights()
        model.fit(X, Y, batch_size=32, verbose=0)
        pairs = zip(model.get_weights(), before, strict=True)
        return sum(np.abs(after - weight).sum() for after, weight in pairs)


@pytest.mark.parametrize(
    ("rate", "peak"),
    [
        (0.01, 0.01),
        (halving(), 0.4),
        (schedules.CosineDecay(0.0, 900, warmup_target=0.5, warmup_steps=137), 0.5),
        (Warmup(), 0.05 * 400**-0.5),
        (schedules.PiecewiseConstantDecay([100, 150], [0.1, 0.7, 0.01]), 0.7),
    ],
)
def test_the_peak_is_found_wherever_it_is(rate, peak):
    assert peak_of(SGD(rate)) == pytest.approx(peak, rel=1e-3)


def test_off_and_on_take_effect_in_the_updates_and_keep_all_else():
    model = classifier(optimizer=SGD(halving(), momentum=0.0))
    for _ in range(3):
        model.fit(X, Y, batch_size=32, verbose=0)
    state = [numpy_of(v).copy() for v in [*model.weights, *model.optimizer.variables]]
    schedule, decayed = model.optimizer._learning_rate, step_size(model)
    assert set_learning_rate_decay(model, False) is model
    assert step_size(model) == pytest.approx(8 * decayed, rel=1e-3)  # 0.4 to 0.05
    set_learning_rate_decay(model, False)  # twice is once
    set_learning_rate_decay(model, True)
    assert model.optimizer._learning_rate is schedule
    assert step_size(model) == pytest.approx(decayed, rel=1e-6)
    after = [numpy_of(v) for v in [*model.weights, *model.optimizer.variables]]
    assert all(np.array_equal(a, b) for a, b in zip(state, after, strict=True))


def test_it_works_beside_the_other_toggles():
    model = keras_recipe.RecipeModel(
        compiled(
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
            optimizer=keras.optimizers.AdamW(halving(), weight_decay=0.1),
        )
    )
    model.fit(X, Y, verbose=0, recipe="off")
    model.set_dropout(0.0).set_weight_decay(0.01).set_learning_rate_decay(False)
    assert rate_of(model.optimizer) == pytest.approx(0.4)
    assert model.optimizer.weight_decay == 0.01
    model.set_learning_rate_decay(True).set_weight_decay(None).set_dropout(None)
    assert rate_of(model.optimizer) == pytest.approx(0.2)
    assert model.optimizer.weight_decay == 0.1


def test_a_saved_file_holds_a_constant_and_needs_keras_alone(tmp_path):
    model = classifier(optimizer=keras.optimizers.Adam(halving()))
    model.fit(X, Y, verbose=0)
    set_learning_rate_decay(model, False)
    model.save(tmp_path / "model.keras")
    assert "keras_recipe" not in str(model.optimizer.get_config())
    again = keras.models.load_model(tmp_path / "model.keras")
    assert rate_of(again.optimizer) == pytest.approx(0.4)
    pairs = zip(model.optimizer.variables, again.optimizer.variables, strict=True)
    assert all(np.array_equal(numpy_of(a), numpy_of(b)) for a, b in pairs)
    set_learning_rate_decay(again, True)  # a schedule is in place: there is nothing to do
    assert rate_of(again.optimizer) == pytest.approx(0.4)


def test_a_schedule_given_meanwhile_is_the_one_that_counts():
    model = classifier(optimizer=SGD(halving()))
    set_learning_rate_decay(model, False)
    model.optimizer.learning_rate = halving(0.02)
    set_learning_rate_decay(model, True)
    assert rate_of(model.optimizer) == pytest.approx(0.02)
    set_learning_rate_decay(model, False)
    assert rate_of(model.optimizer) == pytest.approx(0.02)


def test_every_inner_optimizer_is_switched():
    model = classifier(optimizer=keras.optimizers.LossScaleOptimizer(SGD(halving())))
    model.optimizer.inner_optimizer.iterations.assign(2)
    set_learning_rate_decay(model, False)
    assert rate_of(model.optimizer) == pytest.approx(0.4)
    set_learning_rate_decay(model, True)
    assert rate_of(model.optimizer) == pytest.approx(0.1)


def test_without_a_schedule_off_does_nothing_and_on_is_refused():
    model = classifier(optimizer="adam")
    model.fit(X, Y, verbose=0)
    before = model.train_function
    set_learning_rate_decay(model, False)
    assert model.train_function is before
    with pytest.raises(InputError, match="no schedule to switch on"):
        set_learning_rate_decay(model, True)


@pytest.mark.parametrize(
    ("optimizer", "on", "said"),
    [
        ("adam", 0.0, "True or False"),
        (None, False, "no optimizer"),
        (SGD(Rising()), False, "no highest rate"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(optimizer, on, said):
    model = classifier(optimizer=optimizer)
    with pytest.raises(InputError, match=said):
        set_learning_rate_decay(model, on)


@pytest.mark.parametrize("rate", [0.3, halving()])
def test_a_rate_held_for_a_while_keeps_slots_and_comes_back(rate):
    model = classifier(optimizer=SGD(rate, momentum=0.9))
    model.fit(X, Y, batch_size=32, verbose=0)
    own, before = model.optimizer, rate_of(model.optimizer)
    slot = numpy_of(own.variables[-1]).copy()
    with preserve(model):
        with at_rates(model, 0.1) as put:
            put(0.05)
            inner = innermost(model.optimizer)
            assert rate_of(inner) == pytest.approx(0.05)
            assert np.array_equal(numpy_of(inner.variables[-1]), slot)
            assert int(numpy_of(inner.iterations)) == 1
        assert model.optimizer is own
        assert rate_of(own) == before
