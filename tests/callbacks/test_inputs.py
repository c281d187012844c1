"""The visualizer shows the very batch that is trained on, and trains the same."""

import copy

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import InputVisualizer
from keras_recipe.core.result import Status


def images(n=64):
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (n, 8, 8, 1)).astype("float32")
    return x, generator.integers(0, 3, n)


def model():
    keras.utils.set_random_seed(1)
    made = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    made.compile(keras.optimizers.SGD(1e-4), "sparse_categorical_crossentropy")
    return made


class Pipeline(keras.utils.PyDataset):
    """Divides by 255 and mirrors: what only a look behind the pipeline can show."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x) // 16

    def __getitem__(self, index):
        part = slice(16 * index, 16 * index + 16)
        return self.x[part][:, :, ::-1] / 255, self.y[part]


def test_it_shows_the_first_batch_behind_the_pipeline():
    x, y = images()
    visualizer = InputVisualizer(rows=4)
    model().fit(Pipeline(x, y), shuffle=False, verbose=0, callbacks=[visualizer])
    picture = visualizer.trace.pictures[0]
    assert np.allclose(picture["inputs"], x[:4][:, :, ::-1] / 255)
    assert picture["inputs_kind"] == "image"
    assert picture["labels"] == [str(label) for label in y[:4]]
    facts = visualizer.trace.inputs["training"][0]
    assert facts["shape"] == [16, 8, 8, 1]
    assert facts["max"] == pytest.approx(float(x[:16].max()) / 255)


def test_losses_are_the_same_bit_for_bit():
    x, y = images()
    fit = {"validation_data": (x, y), "epochs": 3, "batch_size": 16, "verbose": 0}
    plain = model().fit(x, y, **fit).history
    made, visualizer = model(), InputVisualizer(epochs=(0, 2))
    assert made.fit(x, y, callbacks=[visualizer], **fit).history == plain
    assert visualizer.trace.inputs["epochs"] == [0, 2]
    assert len(visualizer.trace.pictures) == 3  # two epochs and one evaluation


def test_its_report_compares_fit_with_evaluation():
    x, y = images()
    visualizer = InputVisualizer()
    model().fit(
        x / 255, y, validation_data=(x, y), verbose=0, callbacks=[visualizer], batch_size=16
    )
    result = visualizer.report["KR211"]
    assert result.status is Status.FAIL
    assert result.pictures
    again = InputVisualizer()
    model().fit(
        x / 255, y, validation_data=(x / 255, y), verbose=0, callbacks=[again], batch_size=16
    )
    assert again.report["KR211"].status is Status.PASS


def test_nothing_is_left_on_the_model():
    x, y = images()
    made = model()
    made.fit(x, y, verbose=0)
    train = made.train_function
    made.fit(x, y, epochs=2, verbose=0, callbacks=[InputVisualizer(epochs=(0, 1))])
    assert made.train_function is train


def test_classes_have_names_and_rows_other_forms():
    generator = np.random.default_rng(0)
    x, y = generator.integers(1, 9, (32, 5)), np.eye(3)[np.arange(32) % 3]
    made = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(9, 4),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    made.compile("sgd", "mse")
    visualizer = InputVisualizer(class_names=["a", "b", "c"])
    made.fit(x, y, shuffle=False, verbose=0, callbacks=[visualizer])
    picture = visualizer.trace.pictures[0]
    assert picture["labels"][:4] == ["a", "b", "c", "a"]
    assert picture["inputs_kind"] == "tokens"
    assert picture["inputs"][0] == x[0].tolist()


def test_it_can_be_copied_and_used_again():
    x, y = images()
    visualizer, made = InputVisualizer(), model()
    for _ in range(2):
        made.fit(x, y, verbose=0, callbacks=[visualizer])
        assert len(visualizer.trace.pictures) == 1
    other = copy.deepcopy(visualizer)
    made.fit(x, y, verbose=0, callbacks=[other])
    assert other.trace.inputs["epochs"] == [0]
