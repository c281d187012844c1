import copy
import os
import subprocess
import sys
import warnings
from types import SimpleNamespace

import board_reader
import keras
import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits
from tensorboard.plugins.hparams import metadata

from keras_recipe import checks
from keras_recipe.callbacks.monitor import RecipeMonitor
from keras_recipe.callbacks.tensorboard import RecipeTensorBoard
from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.check import CHECKS
from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.core.result import Fix, failed, passed
from keras_recipe.surgery.preserve import preserve

BARS = {"kind": "bars", "title": "Classes", "labels": ["a", "b"], "values": [1.0, 2.0]}


@pytest.fixture(scope="module")
def model():
    """One model for the tests that only need a training: it is compiled once."""
    stack = (layers.Dense(16), layers.BatchNormalization(), layers.Dropout(0.3))
    return compiled(*stack, layers.Dense(10, "softmax"), metrics=["accuracy"])


def fit(model, *callbacks, epochs=2, **settings):
    """Train on 128 digits, 64 held out, and return the history."""
    x, y = digits()
    return model.fit(
        x[:128], y[:128], validation_data=(x[128:192], y[128:192]), batch_size=32,
        epochs=epochs, verbose=0, callbacks=list(callbacks), **settings,
    )  # fmt: skip


def report(**fields):
    """Two rows, one of them a problem."""
    bad = failed("loss is 3 | 2 <b>", fix=Fix(text="Mend it.", code="a = b"), **fields)
    return Report(
        [
            passed("fine", code="KR202", name="loss_at_init"),
            bad.stamped(code="KR205", name="output_bias"),
        ],
        {"seed": 7},
    )


def test_epoch_scalars_agree_with_the_history(model, tmp_path):
    start = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
    history = fit(model, RecipeTensorBoard(tmp_path), epochs=3).history
    train, held = (board_reader.scalars(tmp_path / run) for run in ("train", "validation"))
    for name in ("loss", "accuracy"):
        assert train[f"epoch_{name}"] == pytest.approx(dict(enumerate(history[name])))
        assert held[f"epoch_{name}"] == pytest.approx(dict(enumerate(history[f"val_{name}"])))
        steps = (start + 4, start + 8, start + 12)
        evaluated = dict(zip(steps, history[f"val_{name}"], strict=True))
        assert held[f"evaluation_{name}_vs_iterations"] == pytest.approx(evaluated)
    assert train["epoch_learning_rate"] == pytest.approx({0: 1e-3, 1: 1e-3, 2: 1e-3})


def test_the_same_tags_steps_and_values_as_keras(model, tmp_path):
    pytest.importorskip("tensorflow")  # Keras's own callback needs it on every backend
    theirs = keras.callbacks.TensorBoard(tmp_path / "keras", histogram_freq=2)
    fit(model, theirs, RecipeTensorBoard(tmp_path / "ours", histogram_freq=2), epochs=3)
    for run in ("train", "validation"):
        expected = board_reader.scalars(tmp_path / "keras" / run)
        assert expected
        found = board_reader.scalars(tmp_path / "ours" / run)
        assert {tag: pytest.approx(series) for tag, series in expected.items()} == found
    expected, found = (
        {(tag, step): array for tag, step, array in board_reader.values(folder, "histograms")}
        for folder in (tmp_path / "keras/train", tmp_path / "ours/train")
    )
    assert expected.keys() == found.keys()
    for key, buckets in expected.items():
        np.testing.assert_allclose(found[key][:, :2], buckets[:, :2], atol=1e-6)
        # a value on the edge of two buckets may be counted in either
        np.testing.assert_allclose(found[key][:, 2], buckets[:, 2], atol=2)


def test_histograms_hold_every_weight_at_their_frequency(model, tmp_path):
    fit(model, RecipeTensorBoard(tmp_path, histogram_freq=2), epochs=4)
    found = board_reader.values(tmp_path / "train", "histograms")
    assert {(tag, step) for tag, step, _ in found} == {
        (f"{weight.path}/histogram", step) for weight in model.weights for step in (0, 2)
    }
    sizes = {f"{weight.path}/histogram": np.prod(weight.shape) for weight in model.weights}
    assert all(array[:, 2].sum() == sizes[tag] for tag, _, array in found)


def test_no_histograms_if_not_wanted(model, tmp_path):
    fit(model, RecipeTensorBoard(tmp_path, histogram_freq=0))
    assert board_reader.values(tmp_path / "train", "histograms") == []


def test_training_is_the_same_bit_for_bit(model, tmp_path):
    board = RecipeTensorBoard(tmp_path, report=report(pictures=[BARS]))
    found = []
    with preserve(model) as guard:
        for callbacks in ([], [board]):
            guard.restore()
            history = fit(model, *callbacks).history
            found.append((history, [w.tobytes() for w in model.get_weights()]))
    assert found[0] == found[1]


def test_there_are_no_batch_hooks():
    hooks = [name for name in vars(RecipeTensorBoard) if "batch" in name]
    assert hooks == []


def test_the_summary_is_a_text(model, tmp_path):
    fit(model, RecipeTensorBoard(tmp_path))
    (text,) = board_reader.texts(tmp_path / "train")["recipe/summary"]
    assert all(layer.name in text for layer in model.layers)
    assert all(line.startswith("    ") for line in text.splitlines())  # Markdown's code


def test_the_report_is_text_and_pictures(model, tmp_path):
    fit(model, RecipeTensorBoard(tmp_path, report=report(pictures=[BARS, BARS])))
    texts = board_reader.texts(tmp_path / "train")
    (checklist,) = texts["recipe/checklist"]  # unchanged, so not written again at the end
    assert "1 check failed" in checklist
    assert r"| fail KR205 output\_bias | loss is 3 \| 2 &lt;b&gt; |" in checklist
    assert "| seed | 7 |" in checklist
    assert "Mend it." in texts["recipe/problems"][0]
    images = board_reader.values(tmp_path / "train", "images")
    assert [tag for tag, _, _ in images] == ["recipe/KR205/0", "recipe/KR205/1"]


def test_a_replaced_report_is_written_at_the_end_with_its_new_pictures(model, tmp_path):
    board = RecipeTensorBoard(tmp_path, report=report(pictures=[BARS]))
    row = passed("calm", code="KR310", name="non_finite", pictures=[BARS])

    class Finder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            board.report = report(pictures=[BARS]).merged(Report([row]))

    fit(model, board, Finder(), epochs=3)
    before, after = board_reader.texts(tmp_path / "train")["recipe/checklist"]
    assert "KR310" not in before
    assert "KR205" in after
    assert "KR310" in after
    images = board_reader.values(tmp_path / "train", "images")
    assert [(tag, step) for tag, step, _ in images] == [
        ("recipe/KR205/0", 0),
        ("recipe/KR310/0", 3),
    ]


def test_a_report_can_be_written_after_the_fit(model, tmp_path):
    board = RecipeTensorBoard(tmp_path)
    fit(model, board)
    board.write_report(report())
    board.write_report(report())  # it stands there already
    found = board_reader.values(tmp_path / "train", "text")
    assert [step for tag, step, _ in found if tag == "recipe/checklist"] == [2]


def test_a_monitor_ahead_adds_its_layers_and_findings(tmp_path):
    watched = compiled(layers.Dense(16, "relu"), layers.Dense(10, "softmax"))
    fit(watched, RecipeMonitor(), RecipeTensorBoard(tmp_path, report=report()), epochs=3)
    found = board_reader.scalars(tmp_path / "train")
    for layer in watched.layers:
        for name in ("gradient_norm", "weight_norm", "update_ratio"):
            series = found[f"recipe/{name}/{layer.name}"]
            assert series.keys() == {0, 1, 2}
            assert all(value > 0 for value in series.values())
    codes = {check.code for check in checks_of_a_trace()}
    before, *after = board_reader.texts(tmp_path / "train")["recipe/checklist"]
    assert not any(code in before for code in codes)
    assert all(code in after[-1] for code in codes | {"KR205"}) if codes else not after


def checks_of_a_trace():
    """The checks that a monitor runs."""
    checks.load()
    return [check for check in CHECKS.values() if "trace" in check.needs]


def test_a_picture_that_cannot_be_drawn_leaves_its_reason(model, tmp_path):
    fit(model, RecipeTensorBoard(tmp_path, report=report(pictures=[{"kind": "odd"}])))
    assert "odd" in board_reader.texts(tmp_path / "train")["recipe/KR205/0"][0]
    assert board_reader.scalars(tmp_path / "train")["epoch_loss"].keys() == {0, 1}


def test_a_traces_layers_become_scalars(model, tmp_path):
    monitor = SimpleNamespace(trace=Trace())

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            found = {"gradient_norm": epoch + 0.5, "weight_norm": 2.0, "update_norm": 1.0}
            monitor.trace.weights.append({"block/dense/kernel": found})

    board = RecipeTensorBoard(tmp_path, trace=monitor)
    recorder = Recorder()  # after the board: always one epoch ahead of what is written
    fit(model, board, recorder, epochs=6, initial_epoch=3)
    found = board_reader.scalars(tmp_path / "train")
    assert found["recipe/gradient_norm/block/dense"] == {3: 3.5, 4: 4.5, 5: 5.5}
    assert found["recipe/update_ratio/block/dense"] == {3: 0.5, 4: 0.5, 5: 0.5}


def test_hyperparameters(model, tmp_path):
    board = RecipeTensorBoard(tmp_path, hparams={"batch_size": 32, "optimizer": "mine"})
    history = fit(model, board).history
    found = {
        value.tag: value.metadata.plugin_data.content
        for event in board_reader.events(tmp_path)
        for value in event.summary.value
    }
    content = found[metadata.SESSION_START_INFO_TAG]
    start = metadata.parse_session_start_info_plugin_data(content)
    settings = {name: getattr(v, v.WhichOneof("kind")) for name, v in start.hparams.items()}
    assert settings["batch_size"] == 32
    assert settings["optimizer"] == "mine"
    assert settings["parameters"] == model.count_params()
    table = metadata.parse_experiment_plugin_data(found[metadata.EXPERIMENT_TAG])
    assert {info.name for info in table.hparam_infos} == set(settings)
    metrics = {m.name.tag for m in table.metric_infos}
    assert metrics == {f"recipe/{name}" for name in history}
    scalars = board_reader.scalars(tmp_path)
    for name, series in history.items():
        assert scalars[f"recipe/{name}"] == pytest.approx(dict(enumerate(series)))
    assert metadata.SESSION_END_INFO_TAG in found


def test_an_unwritable_folder_is_refused_before_training(model, tmp_path):
    (tmp_path / "file").write_text("")
    before = [w.tobytes() for w in model.get_weights()]
    steps = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
    with pytest.raises(InputError, match="cannot be written to") as caught:
        fit(model, RecipeTensorBoard(tmp_path / "file" / "log"))
    assert str(tmp_path / "file" / "log") in str(caught.value)
    assert [w.tobytes() for w in model.get_weights()] == before
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == steps


def test_a_log_that_fails_later_does_not_cost_the_training(model, tmp_path):
    (tmp_path / "validation").write_text("in the way")
    board = RecipeTensorBoard(tmp_path)
    with warnings.catch_warnings(record=True) as caught:  # `pytest.warns` re-raises others
        warnings.simplefilter("always")
        history = fit(model, board, epochs=3)
    assert [
        str(w.message).count("training goes on") for w in caught if w.category is UserWarning
    ] == [1]
    assert board.lost
    assert len(history.history["loss"]) == 3
    (tmp_path / "validation").unlink()
    fit(model, board, epochs=1)  # the next training is logged again
    assert board_reader.scalars(tmp_path / "validation")["epoch_loss"].keys() == {0}


def test_a_second_fit_counts_its_epochs_as_keras_does(model, tmp_path):
    board = RecipeTensorBoard(tmp_path)
    first = fit(model, board).history["loss"]
    second = fit(model, board).history["loss"]
    fit(model, board, epochs=4, initial_epoch=3)
    found = [
        (step, float(number))
        for tag, step, number in board_reader.values(tmp_path / "train")
        if tag == "epoch_loss"
    ]
    assert [step for step, _ in found] == [0, 1, 0, 1, 3]
    assert [number for _, number in found[:4]] == pytest.approx([*first, *second])


def test_copies_are_made_before_and_after_a_fit(model, tmp_path):
    board = RecipeTensorBoard(tmp_path / "a", hparams={"a": 1})
    twin = copy.deepcopy(board)
    fit(model, board)
    later = copy.deepcopy(board)
    assert later.model is None  # the model stays with the original
    for each in (twin, later):
        history = fit(model, each).history["loss"]
    stored = board_reader.scalars(tmp_path / "a/train")["epoch_loss"]  # the last written wins
    assert stored == pytest.approx(dict(enumerate(history)))


def test_evaluate_alone_is_logged_over_the_iterations(model, tmp_path):
    x, y = digits()
    fit(model, epochs=1)
    steps = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
    board = RecipeTensorBoard(tmp_path)
    logs = model.evaluate(x[:64], y[:64], verbose=0, callbacks=[board], return_dict=True)
    assert steps > 0
    assert board_reader.scalars(tmp_path / "validation") == {
        f"evaluation_{name}_vs_iterations": {steps: pytest.approx(value)}
        for name, value in logs.items()
    }
    assert not (tmp_path / "train").exists()


def test_evaluate_refuses_an_unwritable_folder(model, tmp_path):
    (tmp_path / "file").write_text("")
    x, y = digits()
    with pytest.raises(InputError, match="cannot be written to"):
        model.evaluate(
            x[:64], y[:64], verbose=0, callbacks=[RecipeTensorBoard(tmp_path / "file")]
        )


class TwoHeads(keras.Model):
    """A subclassed model with a dict of outputs."""

    def __init__(self):
        super().__init__()
        self.trunk = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(8)])
        self.kind = layers.Dense(10)
        self.size = layers.Dense(1)

    def call(self, inputs):
        shared = self.trunk(inputs)
        return {"kind": self.kind(shared), "size": self.size(shared)}


def test_a_subclassed_model_with_several_outputs(tmp_path):
    x, y = digits()
    model = TwoHeads()
    losses = {"kind": keras.losses.SparseCategoricalCrossentropy(True), "size": "mse"}
    model.compile(keras.optimizers.SGD(0.01), losses)
    targets = {"kind": y[:64], "size": x[:64].mean(1, keepdims=True)}
    history = model.fit(
        x[:64], targets, epochs=2, verbose=0, callbacks=[RecipeTensorBoard(tmp_path)]
    ).history
    found = board_reader.scalars(tmp_path / "train")
    for name, series in history.items():
        assert found[f"epoch_{name}"] == pytest.approx(dict(enumerate(series)))
    histograms = {tag for tag, _, _ in board_reader.values(tmp_path / "train", "histograms")}
    assert len(histograms) == len(model.weights) == 8


@pytest.mark.parametrize(
    "wrong",
    [{"histogram_freq": -1}, {"histogram_freq": 0.5}, {"histogram_freq": "epoch"},
     {"hparams": {"a": None}}, {"hparams": [1]}, {"report": "report.json"},
     {"log_dir": None}, {"log_dir": "s3://bucket"}, {"trace": []}, {"hparams": "lr=1"}],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_refused_at_once(wrong):
    with pytest.raises(InputError, match="Received"):
        RecipeTensorBoard(**wrong)


def test_tensorflow_is_not_imported(tmp_path):
    program = f"""
import sys, numpy as np, keras
from keras_recipe.callbacks.tensorboard import RecipeTensorBoard
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.ones((8, 4), "float32")
model.fit(x, x[:, :1], verbose=0, callbacks=[RecipeTensorBoard({str(tmp_path)!r})])
print(sorted(n for n in sys.modules if n.split(".")[0] == "tensorflow"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
    assert "epoch_loss" in board_reader.scalars(tmp_path / "train")
