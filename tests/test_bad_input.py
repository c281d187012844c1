"""Wrong uses: each gives one sentence and leaves everything as it was."""

import json

import keras
import numpy as np
import pytest
import specimens
from keras import layers

import keras_recipe
from keras_recipe import config, demo, reports
from keras_recipe.callbacks.tensorboard import RecipeTensorBoard
from keras_recipe.core.report import Report
from keras_recipe.surgery.preserve import variables_of

X, Y = specimens.digits()
X, Y = X[:64], Y[:64]
SUMS = X.sum(), Y.sum()
RAGGED = [[1.0, 2.0], [1.0]]


class Nothing(keras.utils.PyDataset):
    """A dataset without batches."""

    def __len__(self):
        return 0

    def __getitem__(self, index):
        raise IndexError(index)


class Wide(keras.utils.PyDataset):
    """Yields more parts than Keras takes."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X[:8], Y[:8], None, None


class Breaking(keras.utils.PyDataset):
    """Ends before the length it gives."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index:
            msg = "the file ends here"
            raise EOFError(msg)
        return X[:8], Y[:8]


class Endless(Breaking):
    """Does not know its length and does not say so."""

    def __len__(self):
        return None


class Unlabelled(Wide):
    """Yields inputs alone."""

    def __getitem__(self, index):
        return X[:8]


def _rows():
    yield X[:8], Y[:8]


def _check(*data, **settings):
    return lambda model, folder: keras_recipe.check(model, *data, **settings)


def _swapped(new, *data):
    return lambda model, folder: keras_recipe.check(new(), *(data or (X, Y)))


def _uncompiled():
    return keras.Sequential([keras.Input((64,)), layers.Dense(10)])


def _compiled_with(**settings):
    def new():
        model = keras.Sequential([keras.Input((64,)), layers.Dense(10, "softmax")])
        model.compile(**{"optimizer": "adam", "loss": specimens.SPARSE, **settings})
        return model

    return new


def _compiled(model):
    model.compile("adam", specimens.SPARSE)
    return model


def _without_bias():
    head = layers.Dense(10, activation="softmax", use_bias=False)
    return specimens.compiled(head)


def _configured(text):
    def use(model, folder):
        (folder / "pyproject.toml").write_text(text)
        return keras_recipe.check(model, X, Y)

    return use


def _keras_json(text):
    def use(model, folder):
        (folder / "keras.json").write_text(text)
        return config.choose(environment={"KERAS_HOME": str(folder)})

    return use


def _fit_into_a_file(model, folder):
    (folder / "log").write_text("in the way")
    model.fit(X, Y, shuffle=False, verbose=0, callbacks=[RecipeTensorBoard(folder / "log")])


def _write_below_a_file(model, folder):
    (folder / "file").write_text("in the way")
    reports.write(Report(), folder / "file" / "report.html")


def _demo_into_a_file(model, folder):
    (folder / "log").write_text("in the way")
    demo.run(log_dir=folder / "log" / "demo")


WRONG = {
    "no data": _check(None),
    "no rows": _check(X[:0], Y[:0]),
    "labels without rows": _check(X, Y[:0]),
    "fewer labels than rows": _check(X, Y[:-1]),
    "fewer weights than rows": _check(X, Y, sample_weight=np.ones(3)),
    "ragged rows": _check(RAGGED, Y[:2]),
    "ragged labels": _check(X[:2], RAGGED),
    "objects": _check(np.array([{}, {}], dtype=object), Y[:2]),
    "a single number": _check(3.0, Y),
    "a word": _check("digits", Y),
    "string labels": _check(X, np.array(["cat"] * len(X))),
    "string objects as labels": _check(X, np.array(["cat"] * len(X), dtype=object)),
    "a generator": _check(_rows()),
    "a generator as validation data": _check(X, Y, validation_data=_rows()),
    "a dataset without batches": _check(Nothing()),
    "a dataset of four parts": _check(Wide()),
    "labels beside a dataset": _check(Wide(), Y),
    "another number of features": _check(X[:, :10], Y),
    "another rank": _check(X[..., None, None], Y),
    "a single feature": _check(X[:, 0], Y),
    "text": _check(np.full(X.shape, "a"), Y),
    "dates": _check(np.full(X.shape, np.datetime64("2020-01-01")), Y),
    "complex numbers": _check(X + 1j, Y),
    "no labels": _check(X),
    "inputs and labels in one tuple": _check((X, Y)),
    "labels in a dict for one output": _check(X, {"digit": Y}),
    "weights of another shape": _check(X, Y, sample_weight=np.ones((64, 2))),
    "weights in words": _check(X, Y, sample_weight="balanced"),
    "a function that makes a generator": _check(_rows),
    "a dataset that ends early": _check(Breaking()),
    "a dataset without a length": _check(Endless()),
    "a dataset without labels": _check(Unlabelled()),
    "a dict for one array": _check({"a": RAGGED}, Y),
    "batch size 0": _check(X, Y, batch_size=0),
    "batch size in words": _check(X, Y, batch_size="32"),
    "a fraction of an epoch": _check(X, Y, epochs=0.5),
    "no epochs": _check(X, Y, epochs=0),
    "a negative seed": _check(X, Y, seed=-1),
    "no budget": _check(X, Y, budget=0),
    "a budget in words": _check(X, Y, budget="long"),
    "class weights as a list": _check(X, Y, class_weight=[1, 2]),
    "class weights by name": _check(X, Y, class_weight={"cat": 2.0}),
    "more validation than data": _check(X, Y, validation_split=1.5),
    "a split that leaves nothing": _check(X[:1], Y[:1], validation_split=0.5),
    "a validation split in words": _check(X, Y, validation_split="0.2"),
    "a validation split of a dataset": _check(Unlabelled(), validation_split=0.2),
    "validation data of other features": _check(X, Y, validation_data=(X[:, :10], Y)),
    "validation data without labels": _check(X, Y, validation_data=X),
    "validation data in words": _check(X, Y, validation_data="later"),
    "validation data of one part": _check(X, Y, validation_data=(X,)),
    "validation data of two lengths": _check(X, Y, validation_data=(X, Y[:-1])),
    "an unknown task": _check(X, Y, task="clustering"),
    "a task in numbers": _check(X, Y, task=3),
    "tasks in a list": _check(X, Y, task=["binary"]),
    "a task for an unknown output": _check(X, Y, task={"head": "binary"}),
    "a misspelt setting": _check(X, Y, epoch=3),
    "an unknown code": _check(X, Y, select="KR999"),
    "a code in numbers": _check(X, Y, select=2),
    "an unknown code to ignore": _check(X, Y, ignore=["KX1"]),
    "an unknown setting": _configured('[tool.keras_recipe]\nselct = ["KR2"]'),
    "an unknown threshold": _configured("[tool.keras_recipe.tune.KR209]\nexample = 3"),
    "a waiver without a reason": _configured('[tool.keras_recipe.waive]\nKR209 = ""'),
    "settings that are not TOML": _configured("[tool.keras_recipe"),
    "not a model": _swapped(lambda: "model"),
    "a model's builder": _swapped(lambda: specimens.compiled),
    "a model without layers": _swapped(lambda: _compiled(keras.Sequential())),
    "a model without a loss": _swapped(_compiled_with(loss=None)),
    "a model without an optimizer": _swapped(_compiled_with(optimizer=None)),
    "a loss that Keras does not know": _swapped(_compiled_with(loss="sparse_crossentropy")),
    "a metric that Keras does not know": _swapped(_compiled_with(metrics=["acuracy"])),
    "a layer": _swapped(lambda: layers.Dense(1)),
    "a model that is not compiled": _swapped(_uncompiled),
    "a wrapper around nothing": lambda model, folder: keras_recipe.RecipeModel("model"),
    "an unknown word for recipe": lambda model, folder: keras_recipe.RecipeModel(model).fit(
        X, Y, recipe="strct"
    ),
    "a dropout rate above 1": lambda model, folder: keras_recipe.set_dropout(model, 1.5),
    "a dropout rate in words": lambda model, folder: keras_recipe.set_dropout(model, "half"),
    "a negative decay": lambda model, folder: keras_recipe.set_weight_decay(model, -1.0),
    "labels beyond the output": lambda model, folder: keras_recipe.initialize_output_bias(
        model, Y + 100
    ),
    "an output without a bias": lambda model, folder: keras_recipe.initialize_output_bias(
        _without_bias(), Y
    ),
    "a log folder that is a file": _fit_into_a_file,
    "a report below a file": _write_below_a_file,
    "a demo into a file": _demo_into_a_file,
    "an unknown format": lambda model, folder: reports.render(Report(), "htm"),
    "a report that is not JSON": lambda model, folder: Report.from_json("{"),
    "a report of another version": lambda model, folder: Report.from_json(
        json.dumps({"schema_version": 99})
    ),
    "a broken keras.json": _keras_json("{"),
    "a keras.json that is a list": _keras_json("[]"),
    "an unknown backend": _keras_json('{"backend": "tensorflw"}'),
    "an unknown accelerator": _keras_json('{"accelerator": "gpuu"}'),
    "no devices": _keras_json('{"devices": 0}'),
}


def _state(model):
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables_of(model)]


@pytest.fixture(scope="module")
def model():
    made = specimens.compiled(
        layers.Dense(8, activation="relu"), layers.Dropout(0.1), layers.Dense(10, "softmax")
    )
    made.optimizer.build(made.trainable_variables)
    return made


@pytest.mark.parametrize("use", WRONG)
def test_a_wrong_use_is_one_sentence(use, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, random = _state(model), np.random.get_state()[1].tolist()
    with pytest.raises(keras_recipe.KerasRecipeError) as caught:
        WRONG[use](model, tmp_path)
    text = str(caught.value)
    assert text[0].isupper() or text[0] == "`" or text.startswith(str(tmp_path))
    assert text.isprintable(), "a line break, a colour"
    assert 20 < len(text) < 600
    assert all(np.array_equal(a, b) for a, b in zip(before, _state(model), strict=True))
    assert np.random.get_state()[1].tolist() == random
    assert (X.sum(), Y.sum()) == SUMS
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written.keys() <= {"pyproject.toml", "keras.json", "log", "file"}
    assert {written.get("log"), written.get("file")} <= {"in the way", None}


def test_there_are_at_least_forty():
    assert len(WRONG) >= 40


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("KR101", lambda: (X, np.where(np.arange(64) == 3, np.nan, Y))),
        ("KR101", lambda: (np.where(np.arange(64)[:, None] == 3, np.inf, X), Y)),
        ("KR203", lambda: (X, Y + 1)),
    ],
)
def test_sick_data_is_a_finding_and_not_an_exception(code, data, model):
    report = keras_recipe.check(model, *data(), select=["KR1", "KR20"], budget=60)
    assert report[code].status == "fail"
    assert report.counts["error"] == 0


def test_a_gap_among_token_numbers_is_a_finding():
    tokens = np.random.default_rng(0).integers(0, 20, (64, 5)).astype("float32")
    tokens[3, 2] = np.nan
    average = layers.GlobalAveragePooling1D()
    model = keras.Sequential([layers.Embedding(20, 4), average, layers.Dense(10, "softmax")])
    model.compile("adam", specimens.SPARSE)
    report = keras_recipe.check(model, tokens, Y)
    assert report["KR101"].status == "fail"
    assert report.counts["error"] == 0


def test_a_model_with_nothing_to_train_is_a_finding():
    frozen = specimens.classifier()
    frozen.trainable = False
    frozen.compile("adam", specimens.SPARSE)
    report = keras_recipe.check(frozen, X, Y)
    assert report["KR219"].status == "fail"
    assert report.counts["error"] == 0
