"""Each starter is a plain compiled model that its own checks find no fault with."""

import keras
import numpy as np
import pytest
from sklearn import datasets

import keras_recipe
from keras_recipe.core.errors import InputError
from keras_recipe.starters import starter

ROWS = 320


def cut(x, y):
    order = np.random.default_rng(0).permutation(len(x))[: ROWS + 80]
    x, y = x[order], y[order]
    return x[80:], y[80:], (x[:80], y[:80])


def digits():
    data = datasets.load_digits()
    return (
        "multiclass",
        (8, 8, 1),
        {},
        cut(data.images[..., None].astype("float32"), data.target),
    )


def cancer():
    data = datasets.load_breast_cancer()
    return "binary", (30,), {}, cut(data.data.astype("float32"), data.target)


def diabetes():
    data = datasets.load_diabetes()
    made = cut(data.data.astype("float32"), data.target.astype("float32"))
    return "regression", (10,), {}, made


def words():
    """Two kinds of text, told by a third of their words; padded on the right."""
    random, count = np.random.RandomState(0), ROWS + 80
    y, x = random.randint(0, 2, count), np.zeros((count, 16), "int32")
    for row, kind in enumerate(y):
        length = random.randint(6, 17)
        text = random.randint(1, 30, length)
        telling = random.rand(length) < 0.4
        text[telling] = (30, 40)[kind] + random.randint(0, 10, telling.sum())
        x[row, :length] = text
    return "binary", (16,), {"vocabulary": 50}, cut(x, y)


def waves():
    random, count = np.random.RandomState(0), ROWS + 80
    y, time = random.randint(0, 3, count), np.arange(32)
    phase = random.rand(count, 1) * 6
    x = np.sin(time * (0.2 + 0.2 * y[:, None]) + phase) + 0.2 * random.randn(count, 32)
    return "multiclass", (32, 1), {}, cut(x[..., None].astype("float32"), y)


def squares():
    """Pictures with a bright square, and where it is."""
    random, count = np.random.RandomState(0), ROWS + 80
    x = 0.2 * random.randn(count, 10, 10, 1).astype("float32")
    y = np.zeros((count, 10, 10, 1), "float32")
    for row, (top, left) in enumerate(random.randint(0, 7, (count, 2))):
        y[row, top : top + 3, left : left + 3] = 1
    return "binary", (10, 10, 1), {"structure": "pixel"}, cut(x + y, y)


@pytest.mark.parametrize("program", [digits, cancer, diabetes, words, waves, squares])
def test_its_own_checks_find_no_fault(program):
    task, shape, settings, (x, y, held) = program()
    rows = None if "vocabulary" in settings else x
    model = starter(task, shape, x=rows, y=y, **settings)
    plan = {"validation_data": held, "epochs": 20, "budget": 600}
    report = keras_recipe.check(
        model, x, y, **plan, select=["KR109", "KR11", "KR2", "KR301"], verbose=0
    )
    assert [f"{r.code} {r.message}" for r in report.failures] == []
    assert [r.message for r in report.results if r.status == "error"] == []
    assert report["KR301"].status == "pass"
    assert report["KR301"].measured == report["KR301"].expected


def test_it_learns():
    task, shape, _, (x, y, held) = digits()
    model = starter(task, shape, x=x, y=y)
    model.fit(x, y, epochs=20, verbose=0)
    assert model.evaluate(*held, verbose=0, return_dict=True)["accuracy"] > 0.7


def test_counts_begin_at_their_mean():
    x = np.random.default_rng(0).normal(size=(200, 5)).astype("float32")
    y = np.random.default_rng(1).poisson(7.0, 200).astype("float32")
    said = starter("counts", (5,), x=x, y=y).predict(x, verbose=0)
    assert abs(said.mean() - y.mean()) < y.std()


def test_a_row_of_nothing_but_padding_has_an_answer():
    model = starter("binary", (6,), vocabulary=9)
    assert np.isfinite(model.predict(np.zeros((2, 6), "int32"), verbose=0)).all()


def test_padding_changes_nothing():
    model = starter("binary", (None,), vocabulary=9)
    said = [
        model.predict(np.array([row], "int32"), verbose=0)[0, 0]
        for row in ([3, 4, 5], [3, 4, 5, 0, 0])
    ]
    assert said[0] == pytest.approx(said[1], rel=1e-5)


@pytest.mark.parametrize("shape", [{"shape": (9, 2)}, {"shape": (9,), "vocabulary": 7}])
def test_a_label_for_each_step_is_told_by_what_came_before(shape):
    settings = {"vocabulary": shape["vocabulary"]} if "vocabulary" in shape else {}
    model = starter("multiclass", shape["shape"], outputs=4, structure="token", **settings)
    size = (1, *shape["shape"])
    one = np.random.default_rng(0).integers(1, 7, size).astype("int32")
    other = one.copy()
    other[:, -1] = other[:, -1] % 6 + 1
    said = [
        model.predict(x.astype("int32" if settings else "float32"), verbose=0)
        for x in (one, other)
    ]
    assert said[0].shape == (1, 9, 4)
    np.testing.assert_allclose(said[0][:, :-1], said[1][:, :-1], atol=1e-6)
    assert not np.allclose(said[0][:, -1], said[1][:, -1])


def test_a_task_that_was_found_can_be_given():
    task, shape, _, (x, y, _) = digits()
    model = starter(task, shape, outputs=10)
    report = keras_recipe.check(model, x, y, select="KR301", verbose=0)
    again = starter(report.subject.task, shape)
    assert again.output_shape == (None, 10)
    assert again.loss == "sparse_categorical_crossentropy"


def test_it_can_be_saved_and_loaded(tmp_path):
    model = starter("binary", (6,), vocabulary=9)
    model.fit(np.ones((4, 6), "int32"), np.ones(4), verbose=0)
    model.save(tmp_path / "starter.keras")
    again = keras.saving.load_model(tmp_path / "starter.keras")
    x = np.array([[1, 2, 3, 0, 0, 0]], "int32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (("guess", (4,)), {}, "Unknown kind of task; expected one of binary"),
        (("binary", ()), {}, "fits no kind of input"),
        (("binary", (2, 3, 4, 5)), {}, "fits no kind of input"),
        (("binary", 7), {}, "must be the shape of one row"),
        (("binary", (0, 3)), {}, "must be the shape of one row"),
        (("binary", (8,)), {"inputs": "ids"}, "need `vocabulary`: the largest id plus one"),
        (("binary", (8,)), {"vocabulary": 1}, "need `vocabulary`: the largest id plus one"),
        (("binary", (8,)), {"inputs": "image"}, "The shape of image is"),
        (("binary", (8,)), {"inputs": "sound"}, "`inputs` 'sound' fits no kind of input"),
        (("binary", (None,)), {}, "number of columns"),
        (("multiclass", (4,)), {}, "how many classes"),
        (("multiclass", (4,)), {"outputs": 0}, "`outputs` must be a whole number"),
        (("binary", (4,)), {"outputs": 2}, "1 output"),
        (("binary", (4,)), {"structure": "word"}, "`structure` must be one of"),
        (("binary", (4,)), {"structure": "token"}, "label for each step"),
        (("binary", (4, 2)), {"structure": "pixel"}, "label for each pixel"),
        (("binary", (4,)), {"y": np.array([1, 2, 2])}, "must be 0 and 1"),
        (("counts", (4,)), {"y": np.array([1, -2, 2])}, "never below 0"),
        (("multiclass", (4,)), {"y": np.array([0.5, 2, 2])}, "whole numbers from 0"),
        (("binary", (4,)), {"x": np.zeros((3, 5))}, "`x` must be rows of numbers"),
        (("binary", (4,)), {"learning_rate": 0}, "`learning_rate` must be above 0"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(arguments, settings, words):
    with pytest.raises(InputError, match=words) as caught:
        starter(*arguments, **settings)
    assert "\n" not in str(caught.value)
