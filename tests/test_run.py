"""The whole recipe in one run, killed on the way and started again."""

import json
import multiprocessing
import os
import random
import sys
import time

import keras
import pytest
from running import run

PATIENCE = 900  # seconds of one process, far more than a run takes
KILLS = 2
JOURNALS = ("overfit.jsonl", "regularize.jsonl", "tune.jsonl")

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch",
    reason="what is tested is how stages and journals fit together; the stages have own tests",
)


def lines(folder):
    """Keys of the trainings of each journal."""
    found = {}
    for name in JOURNALS:
        path = folder / name
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1].splitlines()[1:]
        found[name] = [json.loads(line)["key"] for line in whole]
    return found


def test_six_stages_killed_twice_come_to_their_end(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # where the server looks
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["running"])
    folder, won, chance = tmp_path / "log", tmp_path / "won", random.Random(0)

    def begun():
        process = context.Process(target=run, args=(folder, won))
        process.start()
        return process

    for place in range(KILLS):
        process, before, until = begun(), lines(folder), time.monotonic() + PATIENCE
        wanted = JOURNALS[place]  # in the middle of stage 3, then of stage 4
        while process.is_alive() and not lines(folder)[wanted] and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 2))
        process.kill()
        process.join(PATIENCE)
        assert process.exitcode == -9
        now = lines(folder)
        assert all(now[name][: len(keys)] == keys for name, keys in before.items())
    last = begun()
    last.join(PATIENCE)
    assert last.exitcode == 0
    done = lines(folder)
    assert all(keys for keys in done.values())
    assert all(len(set(keys)) == len(keys) for keys in done.values())
    gains = json.loads(won.read_text())
    assert list(gains) == ["4", "5", "6"]
    assert gains["6"]["split"] == "test"
    assert gains["6"]["gain"] > 0
    assert keras.saving.load_model(folder / "ensemble.keras") is not None
