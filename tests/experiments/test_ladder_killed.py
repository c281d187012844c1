"""A ladder that is killed again and again ends as one that is left alone."""

import json
import multiprocessing
import os
import random
import sys
import time

import keras
import pytest
from climbing import climb

KILLS = 10
PATIENCE = 600  # seconds of one process, far more than a ladder takes

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch",
    reason="what is tested is the journal; on the others the compiling takes minutes",
)


def trials(path):
    """The whole lines of a journal but the first."""
    content = path.read_bytes() if path.exists() else b""
    return content[: content.rfind(b"\n") + 1].splitlines()[1:]


def timeless(line):
    return {key: value for key, value in json.loads(line).items() if key != "seconds"}


def test_ten_kills_at_random_moments_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # where the server looks
    # a server that has imported everything, and has computed nothing, forks each process
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["climbing"])

    def begun(name):
        process = context.Process(
            target=climb, args=(tmp_path / name, tmp_path / f"{name}.won")
        )
        process.start()
        return process

    alone = begun("alone")
    alone.join(PATIENCE)
    assert alone.exitcode == 0
    expected = trials(tmp_path / "alone")
    mean = sum(json.loads(line)["seconds"] for line in expected) / len(expected)

    path, chance, kills = tmp_path / "killed", random.Random(0), 0
    while kills < KILLS:
        process, before = begun("killed"), len(trials(path))
        grown, until = before + chance.randrange(2), time.monotonic() + PATIENCE
        while process.is_alive() and len(trials(path)) < grown and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, mean))
        process.kill()
        process.join(PATIENCE)
        assert process.exitcode == -9, "the ladder ended before it was killed ten times"
        kills += 1
        written = [json.loads(line)["key"] for line in trials(path)]
        assert len(set(written)) == len(written) >= grown
    assert len(trials(path)) < len(expected)
    last = begun("killed")
    last.join(PATIENCE)
    assert last.exitcode == 0

    assert len(expected) >= 12
    assert [timeless(line) for line in trials(path)] == [timeless(line) for line in expected]
    assert (tmp_path / "killed.won").read_text() == (tmp_path / "alone.won").read_text()
    assert path.read_bytes().endswith(b"\n")
