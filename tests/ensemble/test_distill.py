"""A student learns from several models, and they stay as they are."""

import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import LOGITS, cancer, classifier, compiled, diabetes, digits, two_headed

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.average import averaged
from keras_recipe.ensemble.distill import distil, losses_of
from keras_recipe.experiments.trial_run import Budget
from keras_recipe.surgery.preserve import variables_of

BUDGET = Budget(steps=60, batch_size=32)


def state(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]


def teacher(build, x, y, members=2):
    found = [build() for _ in range(members)]
    for one in found:
        one.fit(x, y, epochs=8, verbose=0)
    return averaged(found, x)


def test_a_student_comes_near_its_teacher_without_a_single_right_label():
    x, y = (part[:600] for part in digits())
    taught = teacher(classifier, x, y)
    before, flags = state(taught), [layer.trainable for layer in taught.members]
    wrong = Batch(x, (y + 1) % 10)
    found = distil(taught, classifier, wrong, Budget(steps=300, batch_size=32), hard=0.0)
    agree = (found.model.predict(x, verbose=0).argmax(-1) == y).mean()
    assert agree > 0.8  # the labels say otherwise for every row
    assert found.steps == 300
    assert not found.stopped
    for one, other in zip(before, state(taught), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [layer.trainable for layer in taught.members] == flags == [True, True]


def test_without_weight_on_the_teacher_it_is_the_plain_training():
    x, y = (part[:300] for part in digits())
    plain = distil(teacher(classifier, x, y, 1), classifier, Batch(x, y), BUDGET, hard=1.0)
    other = distil(teacher(classifier, x, y, 2), classifier, Batch(x, y), BUDGET, hard=1.0)
    for one, two in zip(plain.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def kinds(model, x):
    return [type(one).__name__ for one in losses_of(model, x[:2])]


def test_each_kind_of_output_gets_the_loss_that_fits_it():
    x = digits()[0]
    assert kinds(classifier(), x) == ["FeatureDistillation"]  # no softmax over a softmax
    assert kinds(classifier(head=None, loss=LOGITS), x) == ["LogitsDistillation"]
    assert kinds(two_headed(), x) == ["LogitsDistillation", "FeatureDistillation"]


def chance():
    head, rate = L.Dense(1, activation="sigmoid"), keras.optimizers.Adam(0.01)
    return compiled(head, shape=(30,), loss="binary_crossentropy", optimizer=rate)


def value():
    return compiled(L.Dense(1), shape=(10,), loss="mse", optimizer=keras.optimizers.Adam(1.0))


@pytest.mark.parametrize(
    ("build", "data"), [(chance, cancer), (value, diabetes)], ids=["binary", "regression"]
)
def test_targets_of_one_number_do_not_broadcast(build, data):
    x, y = data()
    found = distil(teacher(build, x, y), build, Batch(x, y), Budget(steps=150, batch_size=32))
    alone = build()
    untrained = alone.evaluate(x, y, verbose=0)
    assert found.model.evaluate(x, y, verbose=0) < 0.5 * untrained


def test_several_heads_can_be_distilled():
    x, y = (part[:200] for part in digits())
    targets = {"kind": y, "size": x.mean(-1)}
    found = distil(teacher(two_headed, x, targets), two_headed, Batch(x, targets), BUDGET)
    assert found.steps == 60


def test_the_clock_ends_it():
    x, y = (part[:200] for part in digits())
    taught = teacher(classifier, x, y, 1)
    budget = Budget(steps=10**6, seconds=0.2, batch_size=32)
    assert distil(taught, classifier, Batch(x, y), budget).stopped


def test_weights_and_penalties_count():
    x, y = (part[:200] for part in digits())

    def penalised():
        return compiled(
            L.Dense(10, activation="softmax", kernel_regularizer=keras.regularizers.L2(10.0)),
            optimizer=keras.optimizers.SGD(0.01),
        )

    taught = teacher(classifier, x, y, 1)
    found = distil(taught, penalised, Batch(x, y), Budget(steps=100, batch_size=32))
    assert np.abs(found.model.get_weights()[0]).max() < 0.05
    weights = np.where(y == 3, 0.0, 1.0).astype("float32")
    found = distil(taught, classifier, Batch(x, y, weights), Budget(steps=150), hard=1.0)
    assert (found.model.predict(x[y == 3], verbose=0).argmax(-1) == 3).mean() < 0.1
    assert "weights" in found.notes[0]


def test_a_student_of_another_shape_is_refused_with_the_reason():
    x, y = (part[:64] for part in digits())
    taught = averaged([classifier()], x)

    def smaller():
        return classifier(units=12)

    with pytest.raises(NotApplicable, match="Keras cannot distil"):
        distil(taught, smaller, Batch(x, y), BUDGET)
