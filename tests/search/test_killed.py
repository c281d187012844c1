"""A search that is killed again and again ends as one that is left alone."""

import json
import multiprocessing
import os
import random
import sys
import time

import keras
import pytest
from searching import TRIALS, run

KILLS = 10
PATIENCE = 600  # seconds of one process, far more than a search takes

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch",
    reason="what is tested is the journal; on the others the compiling takes minutes",
)


def trials(folder):
    """The whole lines of a journal but the first."""
    path = folder / "tune.jsonl"
    content = path.read_bytes() if path.exists() else b""
    return content[: content.rfind(b"\n") + 1].splitlines()[1:]


def timeless(folder):
    lines = [json.loads(line) for line in trials(folder)]
    return [{k: v for k, v in line.items() if k not in ("seconds", "path")} for line in lines]


def test_ten_kills_at_random_moments_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # where the server looks
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["searching"])

    def begun(name):
        folder = tmp_path / name
        process = context.Process(target=run, args=(folder, tmp_path / f"{name}.won"))
        process.start()
        return process

    alone = begun("alone")
    alone.join(PATIENCE)
    assert alone.exitcode == 0
    expected = timeless(tmp_path / "alone")
    lines = [json.loads(line) for line in trials(tmp_path / "alone")]
    mean = sum(line["seconds"] for line in lines) / len(lines)

    folder, chance, kills = tmp_path / "killed", random.Random(0), 0
    while kills < KILLS:
        process, before = begun("killed"), len(trials(folder))
        grown, until = before + chance.randrange(2) * (before < TRIALS - 1), time.monotonic()
        until += PATIENCE
        while process.is_alive() and len(trials(folder)) < grown and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, mean))
        process.kill()
        process.join(PATIENCE)
        kills += 1
        written = [json.loads(line)["key"] for line in trials(folder)]
        assert len(set(written)) == len(written) >= grown
    last = begun("killed")
    last.join(PATIENCE)
    assert last.exitcode == 0

    assert len(expected) == TRIALS
    assert timeless(folder) == expected
    won, other = (json.loads((tmp_path / f"{n}.won").read_text()) for n in ("alone", "killed"))
    assert {**won[0], "path": None} == {**other[0], "path": None}
    for line in trials(folder):
        path = json.loads(line)["path"]
        assert path is None or keras.saving.load_model(path) is not None
    assert not list((folder / "tune" / "models").glob("half-*"))
