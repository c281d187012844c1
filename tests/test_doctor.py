import io
import json
import sys
import tempfile
from importlib import metadata

import keras
import pytest
from rich.console import Console

from keras_recipe import __version__, config, doctor, startup
from keras_recipe.core.errors import ConfigError

BACKEND = keras.config.backend()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_BACKEND", BACKEND)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def diagnosed(*args, **kwargs):
    return {row.name: row for row in doctor.diagnose(*args, **kwargs)}


def test_a_healthy_installation_is_all_ok(home):
    rows = doctor.diagnose()
    found = {row.name: row for row in rows}
    assert [row.name for row in rows if not row.ok] == []
    assert doctor.usable(rows)
    assert found["python"].value == ".".join(map(str, sys.version_info[:3]))
    assert found["keras"].value == keras.__version__
    assert found["numpy"].value == metadata.version("numpy")
    assert found["keras-recipe"].value == __version__
    assert found["backend"].value == config.choose().reason
    assert "(KERAS_BACKEND)" in found["backend"].value
    assert found["devices"].value == ", ".join(startup.seen())
    assert found["log folder"].value == "runs can be written"


def test_it_leaves_nothing_behind(tmp_path):
    doctor.diagnose(log_dir="runs/deep/down")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_installed_is_no_fault(monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package", BACKEND))
    rows = diagnosed()
    assert (rows["no-such-package"].value, rows["no-such-package"].ok) == (
        "not installed",
        True,
    )
    assert rows[BACKEND].value[0].isdigit()


def test_a_library_under_another_name_is_found(monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("sklearn",))
    assert diagnosed()["sklearn"].value == f"{metadata.version('scikit-learn')} (scikit-learn)"


@pytest.mark.parametrize(
    ("content", "telling"),
    [
        (None, "not there yet"),
        ({}, "says nothing of the backend"),
        ({"accelerator": "cpu", "devices": 1}, "says accelerator='cpu', devices=1"),
        (
            {
                "floatx": "float32",
                "epsilon": 1e-7,
                "backend": "tensorflow",
                "image_data_format": "channels_last",
            },
            "as Keras writes it",
        ),
    ],
)
def test_the_state_of_keras_json(home, content, telling):
    if content is not None:
        home.mkdir()
        (home / "keras.json").write_text(json.dumps(content), encoding="utf-8")
    row = diagnosed()["keras.json"]
    assert row.ok
    assert row.value.startswith(str(home / "keras.json"))
    assert telling in row.value


def test_a_corrupt_keras_json_is_a_row_and_unusable(home):
    home.mkdir()
    (home / "keras.json").write_text("{", encoding="utf-8")
    rows = doctor.diagnose()
    bad = {row.name for row in rows if not row.ok}
    assert bad == {"keras.json", "backend"}
    assert not doctor.usable(rows)


def test_a_backend_that_is_not_installed_is_a_row_and_unusable(monkeypatch):
    monkeypatch.setattr(config, "installed", lambda name: name != BACKEND)
    rows = doctor.diagnose()
    (bad,) = [row for row in rows if not row.ok]
    assert (bad.name, doctor.usable(rows)) == ("backend", False)
    assert f"pip install 'keras-recipe[{BACKEND}]'" in bad.value


def test_an_accelerator_that_is_not_there_is_a_row_and_unusable(monkeypatch):
    def absent(choice):
        msg = f"No {choice.accelerator} here."
        raise ConfigError(msg)

    monkeypatch.setattr(startup, "verify", absent)
    rows = doctor.diagnose(accelerator="gpu")
    assert [(row.name, row.value) for row in rows if not row.ok] == [
        ("devices", "No gpu here.")
    ]
    assert not doctor.usable(rows)


def test_a_log_folder_below_a_file_is_bad_but_the_backend_usable(tmp_path):
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    rows = doctor.diagnose(log_dir="runs/demo")
    (bad,) = [row for row in rows if not row.ok]
    assert bad.name == "log folder"
    assert "is a file" in bad.value
    assert doctor.usable(rows)


def test_a_log_folder_that_refuses_is_bad(monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    row = diagnosed(log_dir="logs")["log folder"]
    assert not row.ok
    assert row.value == "logs cannot be written (Permission denied); use --log-dir"


def test_the_table_shows_every_row_as_it_is():
    rows = [doctor.Row("one", "[bold]1[/bold]"), doctor.Row("two", "x" * 200, ok=False)]
    console = Console(file=io.StringIO(), width=80)
    console.print(doctor.table(rows))
    text = console.file.getvalue()
    assert "ok   one  [bold]1[/bold]" in text
    assert "BAD  two" in text
    assert text.count("x") == 200
    assert json.loads(json.dumps(doctor.data(rows)))[1] == {
        "name": "two",
        "value": "x" * 200,
        "ok": False,
    }
