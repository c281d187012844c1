import keras
import numpy as np
import pytest
from keras import layers
from specimens import SPARSE, classifier, compiled, diabetes, digits, one_hot

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.looking.predicted import predicted
from keras_recipe.model import RecipeModel

SAYS = np.array([[5.0, 1.0, 0.0], [0.0, 2.0, 1.9], [3.0, 0.0, 3.5], [0.0, 0.0, 4.0]], "float32")
LABELS = np.array([0, 1, 0, 2])


def saying(loss=SPARSE, activation="softmax", **settings):
    """A model whose logits are its inputs."""
    model = compiled(layers.Dense(3, activation=activation), shape=(3,), loss=loss, **settings)
    model.layers[-1].set_weights([np.eye(3, dtype="float32"), np.zeros(3, "float32")])
    return model


@pytest.mark.parametrize(
    ("model", "labels"),
    [
        (saying, LABELS),
        (lambda: saying("categorical_crossentropy"), one_hot(LABELS, 3)),
        (
            lambda: saying(keras.losses.SparseCategoricalCrossentropy(from_logits=True), None),
            LABELS,
        ),
        (lambda: RecipeModel(saying()), LABELS),
    ],
    ids=["probabilities", "one-hot", "logits", "wrapped"],
)
def test_classes(model, labels):
    made = model()
    if isinstance(made, RecipeModel):
        made.compile("adam", SPARSE)
    found = predicted(made, Batch(SAYS, labels), names=["a", "b", "c"])
    p = np.exp(SAYS) / np.exp(SAYS).sum(1, keepdims=True)
    scores = found.scores
    assert scores["prediction"].tolist() == [0, 1, 2, 2]
    assert scores["correct"].tolist() == [True, True, False, True]
    assert found.wrong.tolist() == [False, False, True, False]
    np.testing.assert_allclose(scores["confidence"], p.max(1), rtol=1e-4)
    np.testing.assert_allclose(scores["label_confidence"], p[range(4), LABELS], rtol=1e-4)
    np.testing.assert_allclose(scores["loss"], -np.log(p[range(4), LABELS]), rtol=1e-3)
    np.testing.assert_allclose(scores["entropy"], -(p * np.log(p)).sum(1), rtol=1e-3)
    np.testing.assert_allclose(
        scores["margin"], np.diff(np.sort(p, 1)[:, 1:], axis=1)[:, 0], rtol=1e-3
    )
    assert found.predictions.texts[2] == f"c ({p[2, 2]:.0%})"
    assert found.labels.texts == ["a", "b", "a", "c"]


@pytest.mark.parametrize(
    ("loss", "activation", "labels"),
    [
        ("binary_crossentropy", "sigmoid", [0, 1, 1]),
        (keras.losses.BinaryCrossentropy(from_logits=True), None, [0, 1, 1]),
        ("hinge", "tanh", [-1, 1, 1]),
    ],
)
def test_two_classes(loss, activation, labels):
    model = compiled(layers.Dense(1, activation=activation), shape=(1,), loss=loss)
    model.layers[-1].set_weights([np.ones((1, 1), "float32"), np.zeros(1, "float32")])
    x = np.array([[-2.0], [3.0], [-1.0]], "float32")
    found = predicted(model, Batch(x, np.array(labels, "float32")))
    assert found.scores["correct"].tolist() == [True, True, False]
    assert (found.scores["confidence"] > 0.5).all()
    assert np.isfinite(found.scores["loss"]).all()


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([1, np.nan, 1], [0, 1, 0]),  # ones and gaps are no signs
        ([-1, np.nan, 1], [-1, 1, -1]),
        ([-1, 1, 1], [-1, 1, -1]),
        ([-1, 0, 1], [0, 1, 0]),  # beside 0 and 1 a -1 is no class
    ],
)
def test_labels_are_signs_where_they_are_those_two(labels, said):
    model = compiled(layers.Dense(1, activation="tanh"), shape=(1,), loss="hinge")
    model.layers[-1].set_weights([np.ones((1, 1), "float32"), np.zeros(1, "float32")])
    x = np.array([[-2.0], [3.0], [-1.0]], "float32")
    found = predicted(model, Batch(x, np.array(labels, "float32")), task="binary")
    assert found.scores["prediction"].tolist() == said
    lost = np.isnan(labels)
    assert np.isnan(found.scores["label_confidence"][lost]).all()
    assert not found.wrong[lost].any()  # what is not known is not wrong
    assert found.wrong[2]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_without_a_prediction_spoils_no_other(bad):
    x = np.concatenate([SAYS, np.full((1, 3), bad, "float32")])
    found = predicted(saying(), Batch(x, np.r_[LABELS, 0])).scores
    sound = predicted(saying(), Batch(SAYS, LABELS)).scores
    for name in ("confidence", "entropy", "label_confidence", "loss"):
        np.testing.assert_allclose(found[name][:4], sound[name], rtol=1e-5)
        assert np.isnan(found[name][4]), name


def test_a_label_that_the_model_does_not_know_has_no_probability():
    found = predicted(
        saying("mse"), Batch(SAYS, np.array([[0], [1], [2], [7]])), task="multiclass"
    )
    assert np.isnan(found.scores["label_confidence"]).tolist() == [False] * 3 + [True]


def test_amounts_have_an_error_and_nothing_is_wrong_or_right():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mae")
    found = predicted(model, Batch(x[:9], y[:9]))
    error = model.predict_on_batch(x[:9])[:, 0] - y[:9]
    np.testing.assert_allclose(found.scores["error"], error, rtol=1e-4)
    np.testing.assert_allclose(found.scores["loss"], np.abs(error), rtol=1e-4)
    assert found.wrong is None


def test_many_labels_a_row():
    x = np.array([[3.0, -3.0], [3.0, 3.0]], "float32")
    model = compiled(
        layers.Dense(2, activation="sigmoid"), shape=(2,), loss="binary_crossentropy"
    )
    model.layers[-1].set_weights([np.eye(2, dtype="float32"), np.zeros(2, "float32")])
    y = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], "float32")
    found = predicted(model, Batch(np.concatenate([x, x]), y))
    assert found.scores["accuracy"].tolist() == [1.0, 0.5, 0.5, 0.0]
    assert found.scores["correct"].tolist() == [True, False, False, False]


def test_a_class_at_every_pixel():
    x = np.zeros((3, 4, 4, 3), "float32")
    x[..., 1] = 9.0
    x[0, 0, :, 1] = 0.0
    x[0, 0, :, 2] = 9.0
    model = keras.Sequential([keras.Input((4, 4, 3)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(ignore_class=2))
    model.layers[-1].set_weights([np.eye(3, dtype="float32"), np.zeros(3, "float32")])
    y = np.ones((3, 4, 4), "int32")
    y[1, :2] = 2  # left out
    y[2, :2] = 0
    found = predicted(model, Batch(x, y), placed=True)
    assert found.scores["accuracy"].tolist() == [0.75, 1.0, 0.5]
    assert found.predictions.places[0, 0].tolist() == [2] * 4
    assert "prediction" not in found.scores


def test_without_labels_there_are_predictions_alone():
    found = predicted(saying(), Batch(SAYS), task="multiclass")
    assert found.labels is None
    assert set(found.scores) == {"confidence", "margin", "entropy", "prediction"}
    assert predicted(saying(), Batch(SAYS)).scores["prediction"].tolist() == [0, 1, 2, 2]


def test_the_output_that_is_named_is_looked_at():
    inputs = keras.Input((3,))
    made = {name: layers.Dense(2, activation="softmax", name=name)(inputs) for name in "ab"}
    model = keras.Model(inputs, made)
    model.compile("sgd", dict.fromkeys("ab", SPARSE))
    batch = Batch(SAYS, {"a": LABELS % 2, "b": 1 - LABELS % 2})
    one, two = (predicted(model, batch, output=name) for name in "ab")
    assert [found.output for found in (one, two)] == ["a", "b"]
    assert one.labels.texts != two.labels.texts
    assert np.isfinite(two.scores["loss"]).all()
    with pytest.raises(InputError, match="no output 'c'; the outputs are"):
        predicted(model, batch, output="c")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: keras.Sequential([layers.Dense(2)]), "no weights yet"),
        (lambda: "model", "must be a keras.Model"),
        (classifier, "does not take"),
    ],
)
def test_what_cannot_predict_is_one_sentence(model, said):
    with pytest.raises(InputError, match=said):
        predicted(model(), Batch(SAYS, LABELS))


def test_training_goes_on_as_if_nobody_had_looked():
    x, y = digits()

    def train(*, look):
        keras.utils.set_random_seed(3)
        model = compiled(
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
            metrics=["accuracy"],
        )
        first = model.fit(x[:64], y[:64], verbose=0).history
        if look:
            predicted(model, Batch(x[:40], y[:40]))
        second = model.fit(x[:64], y[:64], verbose=0).history
        return first, second, [np.array(w) for w in model.get_weights()]

    one, two = train(look=False), train(look=True)
    assert one[:2] == two[:2]
    for a, b in zip(one[2], two[2], strict=True):
        np.testing.assert_array_equal(a, b)
