import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from specimens import classifier, digits

from keras_recipe.core.errors import InputError
from keras_recipe.looking.browse import browse


def test_data_stay_as_they_are_and_so_do_the_generators():
    x, y = digits(flat=False)
    x, y = x[:60].copy(), y[:60].copy()
    before = x.copy(), y.copy(), np.random.get_state()[1].copy()
    drawn = keras.random.uniform((3,), seed=1)
    found = browse(x, y, model=None).sort("mean").per_class(2)
    found.picture()
    found.scores["mean"][:] = 0
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_array_equal(np.random.get_state()[1], before[2])
    same = keras.random.uniform((3,), seed=1)
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (drawn, same)))
    assert (found.scores["mean"] > 0).all()


def test_a_model_is_read_and_left_alone():
    x, y = digits()
    model = classifier(metrics=["accuracy"])
    model.fit(x[:64], y[:64], verbose=0)
    kept = [np.array(w) for w in model.get_weights()]
    slots = [np.array(keras.ops.convert_to_numpy(v)) for v in model.optimizer.variables]
    found = browse(x[:50], y[:50], model=model)
    found.predictions()
    assert {"loss", "confidence", "correct"} <= set(found.scores)
    after = [np.array(keras.ops.convert_to_numpy(v)) for v in model.optimizer.variables]
    for a, b in zip([*kept, *slots], [*model.get_weights(), *after], strict=True):
        np.testing.assert_array_equal(a, b)


def test_frames_and_tables_have_the_names_of_their_columns(tmp_path):
    frame = pd.DataFrame({"age": [1.0, 2.0, 3.5], "height": [9.0, 8.0, 7.0]})
    assert browse(frame).shown.sheets[0]["features"] == ["age", "height"]
    frame.assign(animal=["cat", "dog", "cat"]).to_csv(tmp_path / "t.csv", index=False)
    found = browse(tmp_path / "t.csv", "animal")
    assert found.shown.sheets[0]["features"] == ["age", "height"]
    assert found.filter(label="cat").rows.tolist() == [0, 2]


@pytest.mark.parametrize(
    "y", [["b", "a", "b"], np.array(["b", "a", "b"]), pd.Series(["b", "a", "b"])], ids=type
)
def test_labels_may_be_words(y):
    found = browse(np.eye(3), y)
    assert found.filter(label="b").rows.tolist() == [0, 2]
    assert found.shown.rows[1][1] == "a"


def test_one_row_can_be_looked_at():
    x, y = digits(flat=False)
    inputs = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    model = keras.Sequential([inputs, keras.layers.Dense(10, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    found = browse(x[:1], y[:1], model=model)
    for view in (found.shown, found.distributions(), found.predictions()):
        assert view.picture().startswith(b"\x89PNG")


def test_a_folder_is_opened_with_the_names_of_its_classes(tmp_path):
    for name, grey in (("cat", 20), ("dog", 200)):
        (tmp_path / name).mkdir()
        for i in range(2):
            Image.new("RGB", (12, 10), (grey, grey, grey)).save(tmp_path / name / f"{i}.png")
    found = browse(tmp_path)
    assert found.filter(label="dog").scores["mean"].tolist() == [200, 200]
    assert found.scores["copies"].tolist() == [2] * 4
    assert len(found.per_class(1).shown.sheets) == 2


def test_a_sample_is_said_to_be_one_and_the_seed_decides():
    x = np.arange(500.0)[:, None]
    found = browse(x, rows=40, seed=2)
    assert "40 of 500 rows, drawn with seed 2" in found.shown.sheets[0]["note"]
    assert found.rows.tolist() == browse(x, rows=40, seed=2).rows.tolist()
    assert found.rows.tolist() != browse(x, rows=40, seed=3).rows.tolist()


def test_scores_make_a_frame():
    frame = pd.DataFrame(browse(np.eye(4), np.arange(4)).scores)
    assert list(frame["label"]) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rows": 0}, "`rows` must be a whole number of at least 1"),
        ({"seed": -1}, "`seed` must be a whole number"),
        ({"feature_names": ["a"]}, "1 feature_names for 4 features"),
        ({"class_names": "cat"}, "list of names"),
        ({"decoder": 3}, "`decoder` must be a function"),
        ({"kind": "movie"}, "`kind` is one of"),
        ({"model": 3}, "must be a keras.Model"),
        ({"report": 3}, "must be what check returned"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(settings, said):
    with pytest.raises(InputError, match=said):
        browse(np.eye(4), np.arange(4), **settings)


def test_a_decoder_that_raises_says_so_where_text_is_needed():
    found = browse(np.array([[1, 2], [2, 2]]), decoder=lambda row: {}[5])
    for ask in (lambda: found.search("a"), found.picture, lambda: repr(found)):
        with pytest.raises(InputError, match="decoder raised KeyError"):
            ask()
