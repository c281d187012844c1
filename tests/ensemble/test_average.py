"""Several models as one: its numbers, its file, and what it refuses."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import LOGITS, classifier, digits, two_headed

from keras_recipe.core.errors import InputError
from keras_recipe.ensemble.average import Ensemble, averaged, gathered, kinds_of, spread
from keras_recipe.loss import predict

X = digits()[0][:20]
Y = digits()[1][:20]


def softmax(values):
    powers = np.exp(values - values.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def test_it_predicts_the_mean_of_the_probabilities():
    members = [classifier(metrics=["accuracy"]) for _ in range(3)]
    made = averaged(members, X)
    mean = np.mean([one.predict(X, verbose=0) for one in members], 0)
    np.testing.assert_allclose(made.predict(X, verbose=0), mean, atol=1e-6)
    assert set(made.evaluate(X, Y, verbose=0, return_dict=True)) == {"loss", "accuracy"}


def test_weights_count():
    members = [classifier() for _ in range(2)]
    one, two = (member.predict(X, verbose=0) for member in members)
    made = averaged(members, X, weights=[3, 1])
    np.testing.assert_allclose(made.predict(X, verbose=0), 0.75 * one + 0.25 * two, atol=1e-6)


def test_of_logits_the_probabilities_are_averaged_and_the_loss_still_applies():
    members = [classifier(head=None, loss=LOGITS) for _ in range(3)]
    made = averaged(members, X)
    assert made.kinds == ["softmax"]
    mean = np.mean([softmax(one.predict(X, verbose=0)) for one in members], 0)
    np.testing.assert_allclose(softmax(made.predict(X, verbose=0)), mean, atol=1e-6)
    expected = -np.log(mean[np.arange(20), Y]).mean()
    assert made.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_of_logits_of_single_units_too():
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    members = [classifier(head=None, loss=loss, units=1) for _ in range(2)]
    made = averaged(members, X)
    assert made.kinds == ["sigmoid"]
    mean = np.mean([1 / (1 + np.exp(-one.predict(X, verbose=0))) for one in members], 0)
    np.testing.assert_allclose(1 / (1 + np.exp(-made.predict(X, verbose=0))), mean, atol=1e-6)


@pytest.mark.parametrize(("kind", "shape"), [("softmax", (5, 3)), ("sigmoid", (5, 1))])
def test_selection_averages_as_the_model_does(kind, shape):
    values = np.random.default_rng(0).normal(size=shape).astype("float32")
    there = spread(values, [kind])
    found = gathered(there, [kind])
    np.testing.assert_allclose(spread(found, [kind]), there, atol=1e-6)
    assert ((there > 0) & (there < 1)).all()


def test_each_of_several_outputs_is_averaged_in_its_own_way():
    members = [two_headed() for _ in range(2)]
    made = averaged(members, X)
    assert made.kinds == ["softmax", "mean"]
    found, each = made.predict(X, verbose=0), [one.predict(X, verbose=0) for one in members]
    np.testing.assert_allclose(
        found["size"], (each[0]["size"] + each[1]["size"]) / 2, atol=1e-6
    )
    mean = (softmax(each[0]["kind"]) + softmax(each[1]["kind"])) / 2
    np.testing.assert_allclose(softmax(found["kind"]), mean, atol=1e-6)


def two_listed():
    entrance = keras.Input((64,))
    hidden = L.Dense(8, activation="relu")(entrance)
    outputs = [L.Dense(10, name="kind")(hidden), L.Dense(1, name="size")(hidden)]
    model = keras.Model(entrance, outputs)
    model.compile(
        "adam",
        {"kind": LOGITS, "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.5},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
    )
    return model


def test_losses_weights_and_metrics_by_name_over_a_list_of_outputs(tmp_path):
    member, sizes = two_listed(), X[:, :1]
    made = averaged([member], X)
    assert made.output_names == ["kind", "size"]
    expected = member.evaluate(X, [Y, sizes], verbose=0, return_dict=True)
    assert made.evaluate(X, [Y, sizes], verbose=0, return_dict=True) == pytest.approx(
        expected, rel=1e-5
    )
    assert {"kind_accuracy", "size_mae"} <= set(expected)
    assert averaged([two_listed(), two_listed()], X).evaluate(X, [Y, sizes], verbose=0)
    made.save(tmp_path / "two.keras")
    again = keras.saving.load_model(tmp_path / "two.keras")
    assert again.evaluate(X, [Y, sizes], verbose=0, return_dict=True) == pytest.approx(
        expected, rel=1e-5
    )


def test_one_file_holds_it_and_no_custom_objects_are_needed(tmp_path):
    made = averaged([classifier(metrics=["accuracy"]) for _ in range(2)], X, weights=[2, 1])
    made.fit(X, Y, verbose=0)
    path = tmp_path / "ensemble.keras"
    made.save(path)
    again = keras.saving.load_model(path)
    np.testing.assert_array_equal(again.predict(X, verbose=0), made.predict(X, verbose=0))
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(made.evaluate(X, Y, verbose=0))
    assert int(again.optimizer.iterations) == 1
    script = (
        "import keras, keras_recipe, numpy as np; keras_recipe.ensemble; "
        f"model = keras.saving.load_model({str(path)!r}); "
        "print(type(model).__name__, len(model.members))"
    )
    script = script.replace("keras_recipe.ensemble;", "import keras_recipe.ensemble.average;")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["Ensemble", "2"], done.stderr


def test_members_with_masks_keep_them():
    def masked():
        model = keras.Sequential(
            [
                keras.Input((6,), dtype="int32"),
                L.Embedding(5, 4, mask_zero=True),
                L.Dense(3, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    x = np.array([[1, 2, 0, 0, 0, 0], [1, 2, 3, 4, 0, 0]] * 4)
    y = np.ones((8, 6), "int32")
    member = masked()
    made = averaged([member], x)
    assert made.evaluate(x, y, verbose=0) == pytest.approx(member.evaluate(x, y, verbose=0))


def test_a_single_member_and_training_all_at_once():
    member = classifier()
    before = member.predict(X, verbose=0)
    made = averaged([member], X)
    np.testing.assert_allclose(made.predict(X, verbose=0), before, atol=1e-6)
    made.fit(X, Y, epochs=2, verbose=0)
    assert np.abs(member.predict(X, verbose=0) - before).max() > 1e-4


def test_what_has_no_mean_is_refused():
    one, two = classifier(), classifier(units=7)
    with pytest.raises(InputError, match="at least one member"):
        Ensemble([])
    with pytest.raises(InputError, match="another object"):
        Ensemble([one, one])
    with pytest.raises(InputError, match="`weights` must be"):
        Ensemble([one], weights=[0])
    with pytest.raises(InputError, match="`kinds` must be"):
        Ensemble([one], kinds=["median"])
    with pytest.raises(InputError, match="different shapes"):
        averaged([one, two], X)
    with pytest.raises(InputError, match="must be compiled"):
        averaged([keras.Sequential([keras.Input((64,)), L.Dense(10)])], X)
    along = keras.losses.CategoricalCrossentropy(from_logits=True, axis=1)
    with pytest.raises(InputError, match="last axis"):
        kinds_of(classifier(head=None, loss=along), X[:2])
    assert predict(one, X).shape == (20, 10)
