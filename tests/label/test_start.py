import re
import signal
import subprocess
import sys
import urllib.request

import numpy as np
import pytest
from keras import layers as L
from specimens import compiled, diabetes, digits

from keras_recipe.core.errors import InputError
from keras_recipe.data.human import Answers
from keras_recipe.label.start import session_for

PROGRAM = """
import keras, numpy as np
def make():
    x = np.random.default_rng(0).random((60, 8, 8, 1)).astype("float32")
    stack = [keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((8, 8, 1)), *stack])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, x, np.arange(60) % 2
"""
#: A shell that runs the tests in the background has its children ignore Ctrl-C.
START = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("keras_recipe", run_name="__main__", alter_sys=True)
"""


def program(**more):
    x, y = (part[:200] for part in digits())
    model = compiled(L.Dense(10, activation="softmax"))
    return {"model": model, "x": x, "y": y, **more}


def test_the_sample_is_of_the_validation_rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = digits()
    held = (x[300:400], y[300:400])
    made = session_for(program(validation_data=held), samples=10)
    answers = made.answers
    assert answers.split == "validation"
    assert answers.truth == [int(y[300 + row]) for row in answers.rows]
    assert made.path.parts[:2] == ("runs", "human")
    assert answers.classes == [str(i) for i in range(10)]


def test_a_session_goes_on_where_it_ended(tmp_path):
    path = tmp_path / "mine.json"
    first = session_for(program(), samples=5, output=path)
    first.answer(0, 3)
    again = session_for(program(), samples=5, output=path)
    assert again.answers.said == [3]
    assert again.token != first.token


def test_a_file_of_other_data_is_refused(tmp_path):
    path = tmp_path / "mine.json"
    session_for(program(), samples=5, output=path).answer(0, 3)
    other = program()
    other["x"] = other["x"] + 1
    with pytest.raises(InputError, match="other data"):
        session_for(other, output=path)


def test_only_classes_can_be_labelled():
    x, y = diabetes()
    model = compiled(L.Dense(1), shape=(10,), loss="mse")
    with pytest.raises(InputError, match="exclusive classes"):
        session_for({"model": model, "x": x, "y": y})


def test_signs_are_two_classes(tmp_path):
    x, y = diabetes()
    model = compiled(L.Dense(1, activation="tanh"), shape=(10,), loss="hinge")
    signs = np.where(y > 140, 1, -1)
    made = session_for({"model": model, "x": x, "y": signs}, output=tmp_path / "a.json")
    assert set(made.answers.truth) == {0, 1}


def test_names_must_fit_the_classes(tmp_path):
    with pytest.raises(InputError, match="10 classes"):
        session_for(program(), names=["cat", "dog"], output=tmp_path / "a.json")


def test_the_command_serves_and_keeps_what_was_labelled_on_ctrl_c(tmp_path):
    (tmp_path / "train.py").write_text(PROGRAM)
    command = [sys.executable, "-u", "-c", START, "label", "train.py:make", "--samples", "4"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=tmp_path, text=True, **pipes) as process:
        try:
            url = re.search(r"http\S+", process.stdout.readline())[0]
            with urllib.request.urlopen(
                f"{url}answer", b"number=0&label=1", timeout=60
            ) as page:
                page.read()
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    path = re.search(r"Kept in (\S+)", said)[1]
    assert Answers.load(tmp_path / path).said == [1]
