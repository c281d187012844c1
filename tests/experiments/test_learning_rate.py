"""The range test finds what is too high and too low, and leaves everything as it was."""

import keras
import numpy as np
import pytest
from specimens import SPARSE, classifier, digits

import keras_recipe
from keras_recipe.core.errors import InputError
from keras_recipe.experiments.learning_rate import find_learning_rate, shuffled
from keras_recipe.surgery.optimizer import rate_of
from keras_recipe.surgery.preserve import random_states, variables_of

OPT = keras.optimizers
DECAY = OPT.schedules.CosineDecay(0.0, 900, warmup_target=0.01, warmup_steps=100)


def values(model):
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables_of(model)]


class Own(keras.Sequential):
    """Counts how often its step is run as Python code."""

    traced = 0
    names = ("loss",)

    def train_step(self, *args):
        type(self).traced += 1
        found = super().train_step(*args)
        if keras.backend.backend() == "jax":
            logs, state = found
            return dict.fromkeys(self.names, logs["loss"]), state
        return dict.fromkeys(self.names, found["loss"])


class Silent(Own):
    names = ("mine",)


def own(kind=Own):
    layers = keras.layers.Dense(16, activation="relu"), keras.layers.Dense(10, "softmax")
    model = kind([keras.Input((64,)), *layers])
    model.compile(OPT.SGD(0.01), SPARSE)
    return model


def test_it_knows_what_is_too_high_and_too_low_and_a_rate_that_learns():
    x, y = digits()
    model = classifier(optimizer="adam")
    curve = find_learning_rate(model, x, y)
    assert curve.in_use == pytest.approx(1e-3)
    assert 1e-4 < curve.suggestion < 0.1
    assert 1e-5 < curve.steepest < 1
    assert curve.diverged
    assert curve.rates[-1] < 10
    model.optimizer.learning_rate = curve.suggestion
    loss = model.fit(x, y, epochs=2, verbose=0).history["loss"][-1]
    assert loss < 0.5 * curve.losses[0]


@pytest.mark.parametrize("optimizer", [OPT.Adam(1e-3), OPT.SGD(DECAY, momentum=0.9)])
def test_everything_is_what_it_was_bit_for_bit(optimizer):
    x, y = digits()
    stack = keras.layers.Dropout(0.3, seed=1), keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((64,)), *stack])
    model.compile(optimizer, SPARSE, metrics=["accuracy"])
    model.fit(x[:64], y[:64], verbose=0)
    before, rate, step = values(model), rate_of(optimizer), model.train_function
    keras.utils.set_random_seed(7)
    with random_states():
        drawn = [np.random.rand(), keras.ops.convert_to_numpy(keras.random.uniform(()))]
    find_learning_rate(model, x, y, steps=20)
    assert drawn == [np.random.rand(), keras.ops.convert_to_numpy(keras.random.uniform(()))]
    assert all(np.array_equal(a, b) for a, b in zip(before, values(model), strict=True))
    assert model.optimizer is optimizer
    assert rate_of(optimizer) == rate
    assert model.train_function is step


def test_a_schedule_is_held_off_and_its_peak_is_in_use():
    curve = find_learning_rate(classifier(optimizer=OPT.Adam(DECAY)), *digits())
    assert curve.in_use == pytest.approx(0.01, rel=1e-3)
    assert 1e-4 < curve.suggestion < 0.1


def test_the_same_seed_gives_the_same_curve():
    x, y = digits()
    model = classifier(optimizer=OPT.SGD(0.1))
    first, again = (find_learning_rate(model, x, y, steps=15).losses for _ in range(2))
    assert first == again
    assert first != find_learning_rate(model, x, y, steps=15, seed=1).losses


def test_a_step_of_the_users_own_is_compiled_once():
    x, y = digits()
    model = own()
    Own.traced = 0
    curve = find_learning_rate(model, x, y, steps=50)
    eager = keras.backend.backend() == "torch"
    assert Own.traced == len(curve.rates) if eager else 1 <= Own.traced <= 2
    assert curve.suggestion is not None


def test_a_step_that_reports_no_loss_is_refused():
    with pytest.raises(InputError, match="no `loss`, but mine"):
        find_learning_rate(own(Silent), *digits())


class Rows(keras.utils.PyDataset):
    """Batches of 50 rows, the last one shorter."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        x, y = digits()
        rows = slice(50 * index, 50 * index + (50 if index < 2 else 20))
        return x[rows], y[rows]


def test_a_dataset_is_read_again_and_again():
    curve = find_learning_rate(classifier(optimizer="adam"), Rows(), steps=12, highest=1e-3)
    assert len(curve.rates) == 12
    assert curve.losses[0] == pytest.approx(curve.losses[2], rel=1e-2)  # the same batch


def test_weights_count_and_the_wrapper_has_it_too():
    x, y = digits()
    model = keras_recipe.RecipeModel(classifier(optimizer="adam"))
    weights = np.full(len(x), 10.0)
    settings = {"steps": 10, "highest": 1e-4}
    plain = model.find_learning_rate(x, y, **settings).losses
    assert model.find_learning_rate(
        x.astype("float64"), y, sample_weight=weights, **settings
    ).losses == pytest.approx([10 * loss for loss in plain], rel=1e-3)


def test_loss_scaling_and_several_steps_a_call_are_met():
    x, y = digits()
    several = {} if keras.backend.backend() == "torch" else {"steps_per_execution": 4}
    rate = OPT.schedules.ExponentialDecay(0.1, 9, 0.9)
    model = classifier()
    model.compile(OPT.LossScaleOptimizer(OPT.SGD(rate)), SPARSE, **several)
    before = model.steps_per_execution
    curve = find_learning_rate(model, x, y)
    assert curve.in_use == pytest.approx(0.1)
    assert curve.suggestion > 1e-3
    assert model.steps_per_execution == before
    assert isinstance(model.optimizer, OPT.LossScaleOptimizer)


def frozen():
    model = classifier(optimizer="adam")
    model.trainable = False
    return model


def several_optimizers():
    model = classifier(optimizer="adam")
    model.compile(OPT.MultiOptimizer(OPT.OptimizerMap(OPT.SGD())), SPARSE)
    return model


@pytest.mark.parametrize(
    ("model", "settings", "said"),
    [
        (lambda: keras.Sequential([keras.layers.Dense(10)]), {}, "no optimizer"),
        (lambda: "model", {}, "must be a keras.Model"),
        (several_optimizers, {}, "several optimizers"),
        (frozen, {}, "no trainable weights"),
        (classifier, {"lowest": 1.0, "highest": 1.0}, "the second the higher"),
        (classifier, {"lowest": 0}, "above 0"),
        (classifier, {"steps": 9}, "at least 10"),
        (classifier, {"batch_size": 0}, "at least 1"),
        (classifier, {"seed": -1}, "at least 0"),
        (classifier, {"y": np.zeros(3)}, "y"),
        (classifier, {"x": np.zeros((20, 3)), "y": np.zeros(20)}, "cannot be trained"),
        (classifier, {"x": iter([])}, "generator"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(model, settings, said):
    x, y = digits()
    with pytest.raises(InputError, match=said) as caught:
        find_learning_rate(model(), **{"x": x, "y": y} | settings)
    assert "\n" not in str(caught.value)


def test_every_row_comes_once_before_any_comes_again():
    from keras_recipe.data.batch import Batch

    batches = shuffled(Batch(np.arange(10)), 4, 0)
    rows = np.concatenate([next(batches).x for _ in range(5)])
    assert sorted(rows[:10]) == sorted(rows[10:]) == list(range(10))
