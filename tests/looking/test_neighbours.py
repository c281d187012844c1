import keras
import numpy as np
import pytest
from keras import layers
from specimens import cancer, classifier, compiled, diabetes, digits

from keras_recipe.core.errors import InputError
from keras_recipe.data.features import encoded
from keras_recipe.looking.browse import browse
from keras_recipe.reports.pictures import render

TITLES = [
    "Worst: the largest loss",
    "Most confidently wrong",
    "Least certain: the smallest margin",
]


@pytest.fixture(scope="module")
def wrong():
    """A model of the digits, trained a little, and rows it has not seen."""
    keras.utils.set_random_seed(0)
    x, y = digits(flat=False)
    model = compiled(
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
        shape=(8, 8, 1),
    )
    model.fit(x[:400], y[:400], epochs=6, verbose=0)
    return browse(x[400:700], y[400:700], model=model, training=(x[:400], y[:400]))


def test_the_rows_are_the_worst_the_surest_and_the_least_sure(wrong):
    scores, facts = wrong.scores, wrong.predictions().facts
    assert list(facts) == TITLES
    assert (
        facts[TITLES[0]]
        == scores["row"][np.argsort(-scores["loss"], kind="stable")[:8]].tolist()
    )
    mistakes = scores["row"][~scores["correct"]]
    assert set(facts[TITLES[1]]) <= set(mistakes)
    surest = scores["row"][np.argmax(np.where(scores["correct"], -1, scores["confidence"]))]
    assert facts[TITLES[1]][0] == surest
    assert facts[TITLES[2]][0] == scores["row"][scores["margin"].argmin()]


def test_each_stands_before_its_nearest_training_rows(wrong):
    made = wrong.predictions()
    sheet = made.sheets[0]
    assert len(sheet["inputs"]) == 8 * 4 == len(sheet["labels"])
    assert sheet["predictions"][0]
    assert sheet["predictions"][1:4] == [""] * 3
    assert all(text.startswith("≈ ") for text in sheet["labels"][1:4])
    assert sheet["wrong"][:4] == [True, False, False, False]
    x, _ = digits(flat=False)
    near = [int(n) for n in made.rows[0][5].split()]
    np.testing.assert_allclose(np.array(sheet["inputs"][1:4]), x[near], rtol=1e-6)
    row = int(made.rows[0][1])
    known, asked = encoded(x[:400], x[400 + row][None])
    scale = np.where(known.std(0) > 0, known.std(0), 1)
    distance = np.square((known - asked) / scale).sum(1)
    np.testing.assert_allclose(distance[near], np.sort(distance)[:3], rtol=1e-4)
    assert "training rows" in made.note
    assert render(sheet).startswith(b"\x89PNG")


def test_a_row_is_not_its_own_neighbour_but_its_copy_is():
    x, y = cancer()
    x = np.concatenate([x[:100], x[:100]])
    y = np.concatenate([y[:100], 1 - y[:100]])
    model = compiled(
        layers.Dense(1, activation="sigmoid"), shape=(30,), loss="binary_crossentropy"
    )
    made = browse(x, y, model=model).predictions()
    for line in made.rows:
        row, near = int(line[1]), [int(n) for n in line[5].split()]
        assert row not in near
        assert (row + 100) % 200 in near


def test_amounts_are_too_high_or_too_low():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    model.layers[-1].set_weights([np.zeros((10, 1), "float32"), np.full(1, 190, "float32")])
    facts = browse(x, y, model=model).predictions().facts
    assert list(facts) == [TITLES[0], "Furthest above the label", "Furthest below the label"]
    assert facts["Furthest below the label"][0] == y.argmax()
    assert facts["Furthest above the label"][0] == y.argmin()


def test_what_cannot_be_compared_is_one_sentence():
    x, y = digits()
    with pytest.raises(InputError, match="Predictions need a model"):
        browse(x, y).predictions()
    found = browse(x[:50], y[:50], model=classifier(), training=(x[:, :60], y))
    with pytest.raises(InputError, match="training rows cannot be compared"):
        found.predictions()
