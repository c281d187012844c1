"""Paths opened so that they fit the model and each other."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from scipy.io import wavfile

from keras_recipe.core.errors import InputError
from keras_recipe.data.class_folders import open_folder
from keras_recipe.data.paths import fitting, open_path, opened


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "data" / name).mkdir(parents=True)
        Image.new("RGB", (9, 7)).save(tmp_path / "data" / name / "1.png")
    return tmp_path / "data"


def model(*shape, loss="mse"):
    made = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2)])
    made.compile("sgd", loss)
    return made


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((8, 6, 1), {"image_size": (8, 6), "color_mode": "grayscale"}),
        ((3, 8, 6), {"image_size": (8, 6), "color_mode": "rgb"}),
        ((None, 6, 4), {"color_mode": "rgba"}),
        ((100, 2), {"output_sequence_length": 100, "channels": 2}),
        ((5,), {}),
    ],
)
def test_images_and_sounds_are_read_as_the_inputs_ask(shape, found):
    inputs = keras.Input(shape)
    assert fitting(keras.Model(inputs, layers.Activation("relu")(inputs))) == found


def test_labels_are_what_the_loss_takes():
    loss = keras.losses.CategoricalCrossentropy()
    assert fitting(model(4, 4, 3, loss=loss))["label_mode"] == "categorical"
    assert "label_mode" not in fitting(model(4, 4, 3, loss="sparse_categorical_crossentropy"))


def test_without_a_model_images_keep_their_size(folder):
    assert open_path(folder, **fitting(None)).first.x.shape == (2, 7, 9, 3)


def test_held_out_folders_number_the_classes_as_training_does(folder, tmp_path):
    held = tmp_path / "held"
    (held / "b").mkdir(parents=True)
    Image.new("RGB", (9, 7)).save(held / "b" / "1.png")
    for x in (folder, open_folder(folder, image_size=4)):
        _, _, found = opened(model(4, 4, 3), x, None, validation_data=held)
        assert found["validation_data"].first.y.tolist() == [1]
        assert found["validation_data"].first.x.shape == (1, 4, 4, 3)


def test_held_out_images_have_trainings_size(folder, tmp_path):
    Image.new("RGB", (90, 70)).save(tmp_path / "large.png")
    held = tmp_path / "held"
    (held / "b").mkdir(parents=True)
    (tmp_path / "large.png").rename(held / "b" / "1.png")
    x, _, found = opened(None, folder, None, test_data=held)
    assert x.first.x.shape[1:] == (7, 9, 3)
    assert found["test_data"].first.x.shape == (1, 7, 9, 3)


def test_held_out_sounds_have_trainings_length(tmp_path):
    for split, steps, channels in (("data", 50, 2), ("held", 80, 1)):
        (tmp_path / split / "a").mkdir(parents=True)
        wave = np.ones((steps, channels), "int16")
        wavfile.write(tmp_path / split / "a" / "1.wav", 8000, wave)
    x, _, found = opened(None, tmp_path / "data", None, test_data=tmp_path / "held")
    assert x.first.x.shape == found["test_data"].first.x.shape == (1, 50, 2)


def test_a_list_of_labels_beside_class_folders_is_no_table(folder):
    (folder / "labels.csv").write_text("file,label\na/1.png,a\n")
    source = open_path(folder)
    assert source.files.kind == "image"
    assert source.files.classes == ("a", "b")
    assert open_path(folder / "labels.csv").files.kind == "table"


def test_what_is_no_path_stays_as_it_is():
    x, y = np.zeros((3, 2)), np.zeros(3)
    assert opened(None, x, y, test_data=(x, y)) == (x, y, {"test_data": (x, y)})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gone",), "no file or folder"),
        ((".", np.zeros(2)), "class folders are the labels"),
        ((".", None, np.zeros(2)), "files carry no weights"),
        (("a.txt",), "no table and no folder"),
    ],
)
def test_misuse_is_told(arguments, words, folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "a.txt").write_text("x")
    with pytest.raises(InputError, match=words):
        open_path(*arguments)


def test_another_file_with_fractions_or_new_words_is_not_read_as_whole_numbers(tmp_path):
    def split(name, say, **like):
        rows = "".join(f"{i},{say(i)}\n" for i in range(30))
        (tmp_path / name).write_text(f"x,y\n{rows}")
        return open_path(tmp_path / name, "y", **like)

    whole = split("a.csv", lambda i: i % 3)
    held = split("b.csv", lambda i: i % 3 + 0.5, like=whole.files)
    assert np.concatenate([b.y for b in held.batches()])[:3].tolist() == [0.5, 1.5, 2.5]
    words = split("c.csv", lambda i: "ab"[i % 2])
    held = split("d.csv", lambda i: "az"[i % 2], like=words.files)
    labels = np.concatenate([b.y for b in held.batches()])
    assert np.isnan(labels[1::2]).all()
    assert np.isfinite(labels[::2]).all()
