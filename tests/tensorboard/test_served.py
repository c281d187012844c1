"""A real TensorBoard on loopback shows what a training wrote."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from types import SimpleNamespace

import numpy as np
import pytest
from keras import layers
from specimens import compiled, digits

from keras_recipe.callbacks.tensorboard import RecipeTensorBoard
from keras_recipe.callbacks.trace import Trace
from keras_recipe.core.report import Report
from keras_recipe.core.result import failed
from keras_recipe.reports import pictures

PICTURE = {"kind": "bars", "title": "t", "labels": ["a", "b"], "values": [1.0, 2.0]}
START = 120  # seconds; TensorBoard imports TensorFlow where it is installed
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def train(log_dir):
    """Two epochs on the digits with everything the callback writes."""
    x, y = digits()
    model = compiled(layers.Dense(10, "softmax"), metrics=["accuracy"])
    row = failed("3 < 4 | 5 <script>alert(1)</script>", pictures=[PICTURE])
    report = Report([row.stamped(code="KR205", name="output_bias")])
    trace = Trace(weights=[{"dense/kernel": {"gradient_norm": 0.25, "weight_norm": 1.0}}] * 2)
    board = RecipeTensorBoard(
        log_dir, hparams={"batch_size": 32, "shuffled": True}, report=report, trace=trace
    )
    history = model.fit(
        x[:128], y[:128], validation_data=(x[128:192], y[128:192]), batch_size=32, epochs=2,
        verbose=0, callbacks=[board],
    ).history  # fmt: skip
    return SimpleNamespace(history=history, model=model)


def address_in(path, process):
    """Wait until TensorBoard has said where it listens."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+/", path.read_text()):
            return found[0]
        time.sleep(0.1)
    pytest.fail(f"TensorBoard did not start: {path.read_text()}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A training and the address of the TensorBoard that shows it."""
    folder = tmp_path_factory.mktemp("served")
    trained = train(folder / "log")
    said = folder / "said.txt"
    command = [
        sys.executable, "-m", "tensorboard.main", "--logdir", str(folder / "log"),
        "--host", "127.0.0.1", "--port", "0", "--reload_interval", "1",
    ]  # fmt: skip
    with said.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        trained.address = address_in(said, process)
        wait_until(lambda: all_runs_are_read(trained))
        yield trained
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


LAST = {"train": "recipe/update_ratio/dense", "validation": "epoch_accuracy"}
TRIALS = {
    "experimentName": "", "startIndex": 0, "sliceSize": 10, "colParams": [],
    "allowedStatuses": ["STATUS_SUCCESS"], "includeMetrics": True,
}  # fmt: skip


def all_runs_are_read(served):
    """Whether TensorBoard has read the last event of each of the three runs."""
    tags = ask(served, "scalars/tags")
    return all(
        tag in tags.get(run, {}) and len(ask(served, "scalars/scalars", run=run, tag=tag)) == 2
        for run, tag in LAST.items()
    ) and ask(served, "hparams/session_groups", body=TRIALS).get("sessionGroups")


def wait_until(done):
    end = time.monotonic() + START
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def ask(served, path, body=None, **query):
    """GET, or POST a JSON body, below data/plugin; the answer from JSON."""
    address = f"{served.address}data/plugin/{path}?{urllib.parse.urlencode(query)}"
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    with DIRECT.open(urllib.request.Request(address, data, headers), timeout=30) as answer:
        return json.load(answer)


@pytest.mark.parametrize("name", ["loss", "accuracy"])
@pytest.mark.parametrize(("run", "prefix"), [("train", ""), ("validation", "val_")])
def test_scalars_are_the_history(served, run, prefix, name):
    points = ask(served, "scalars/scalars", run=run, tag=f"epoch_{name}")
    assert [step for _, step, _ in points] == [0, 1]
    history = served.history[prefix + name]
    assert [value for _, _, value in points] == pytest.approx(history)


def test_scalar_tags(served):
    tags = ask(served, "scalars/tags")
    assert set(tags["train"]) == {
        "epoch_loss", "epoch_accuracy", "epoch_learning_rate", "recipe/gradient_norm/dense",
        "recipe/weight_norm/dense", "recipe/update_ratio/dense",
    }  # fmt: skip
    assert set(tags["validation"]) == {
        "epoch_loss", "epoch_accuracy",
        "evaluation_loss_vs_iterations", "evaluation_accuracy_vs_iterations",
    }  # fmt: skip


def test_histograms_count_every_weight(served):
    tags = ask(served, "histograms/tags")
    weights = {f"{weight.path}/histogram": weight for weight in served.model.weights}
    assert set(tags["train"]) == set(weights)
    for tag, weight in weights.items():
        series = ask(served, "histograms/histograms", run="train", tag=tag)
        assert [step for _, step, _ in series] == [0, 1]
        buckets = np.array(series[-1][2])
        values = np.asarray(weight.numpy() if hasattr(weight, "numpy") else weight)
        assert buckets[:, 2].sum() == values.size
        assert buckets[0, 0] == pytest.approx(values.min())
        assert buckets[-1, 1] == pytest.approx(values.max())


def test_the_picture_is_what_the_reports_draw(served):
    tags = ask(served, "images/tags")
    assert set(tags["train"]) == {"recipe/KR205/0"}
    (entry,) = ask(served, "images/images", run="train", tag="recipe/KR205/0", sample=0)
    address = f"images/individualImage?{entry['query']}"
    with DIRECT.open(f"{served.address}data/plugin/{address}", timeout=30) as answer:
        assert answer.headers["Content-Type"] == "image/png"
        picture = answer.read()
    assert picture == pictures.render(PICTURE)


def test_the_checklist_is_a_table_and_markup_in_it_is_shown_as_text(served):
    assert {"recipe/checklist", "recipe/problems", "recipe/summary"} == set(
        ask(served, "text/tags")["train"]
    )
    (entry,) = ask(served, "text/text", run="train", tag="recipe/checklist")
    assert "<td>fail KR205 output_bias</td>" in entry["text"]
    assert "<td>3 &lt; 4 | 5 &lt;script&gt;alert(1)&lt;/script&gt;</td>" in entry["text"]


def test_hparams_list_the_settings_and_the_metrics(served):
    table = ask(served, "hparams/experiment", body={"experimentName": ""})
    types = {info["name"]: info["type"] for info in table["hparamInfos"]}
    assert types["batch_size"] == types["learning_rate"] == "DATA_TYPE_FLOAT64"
    assert types["optimizer"] == "DATA_TYPE_STRING"
    assert types["shuffled"] == "DATA_TYPE_BOOL"
    shown = {metric["displayName"] for metric in table["metricInfos"]}
    assert shown == set(served.history)


def test_the_trial_has_its_settings_and_last_metrics(served):
    (trial,) = ask(served, "hparams/session_groups", body=TRIALS)["sessionGroups"]
    assert trial["hparams"]["batch_size"] == 32
    assert trial["hparams"]["shuffled"] is True
    assert trial["hparams"]["learning_rate"] == 0.001
    assert trial["hparams"]["parameters"] == served.model.count_params()
    found = {m["name"]["tag"]: m["value"] for m in trial["metricValues"]}
    expected = {f"recipe/{name}": series[-1] for name, series in served.history.items()}
    assert found == pytest.approx(expected)
