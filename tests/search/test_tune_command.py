"""`keras-recipe tune`: what a factory returns, searched."""

import os
import sys

import keras
import pytest
from typer.testing import CliRunner

from keras_recipe import cli
from keras_recipe.ground import Ground

BACKEND = keras.config.backend()
FACTORY = """
from climbing import rows
from searching import build

def factory():
    train, held = rows(), rows(96, 192)
    return {"model": build, "x": train.x, "y": train.y, "epochs": 1,
            "validation_data": (held.x, held.y)}
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A current folder with hyper.py; only stage 5 is run."""
    (tmp_path / "hyper.py").write_text(FACTORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(Ground, "prove", lambda *_, **__: None)
    environment = dict(os.environ)
    os.environ["KERAS_BACKEND"] = BACKEND
    yield
    os.environ.clear()
    os.environ.update(environment)
    sys.modules.pop("hyper", None)


def run(*words):
    return CliRunner().invoke(cli.app, ["tune", "hyper:factory", *words])


def test_it_searches_and_shows_trials_and_checks(tmp_path):
    done = run("--method", "random", "--trials", "3", "--log-dir", "log")
    assert done.exit_code == 0, done.output
    assert "best of 3 trials (random search" in done.output
    assert "KR501" in done.output
    assert (tmp_path / "log" / "tune.jsonl").exists()


def test_an_unknown_method_is_one_sentence():
    done = run("--method", "randon")
    assert done.exit_code == 2
    assert "random" in done.output


def test_workers_without_a_folder_are_refused():
    done = run("--workers", "2")
    assert done.exit_code == 2
    assert "--log-dir" in done.output


def test_an_address_that_is_none_is_one_sentence():
    done = run("--chief", "here", "--log-dir", "log")
    assert done.exit_code == 2
    assert "HOST:PORT" in done.output
