"""The whole recipe in one run, killed on the way and started again."""

import json
import random
import time

import keras
import pytest
from killing import PATIENCE, Job
from running import run

KILLS = 2
JOURNALS = ("overfit.jsonl", "regularize.jsonl", "tune.jsonl")

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch",
    reason="what is tested is how stages and journals fit together; the stages have own tests",
)


def keys(job):
    """Keys of the trainings of each journal."""
    return {
        name: [json.loads(one)["key"] for one in some] for name, some in job.lines().items()
    }


def test_six_stages_killed_twice_come_to_their_end(tmp_path):
    job, chance = Job(run, tmp_path / "log", JOURNALS), random.Random(0)
    for place in range(KILLS):
        process, before, until = job.begun(), keys(job), time.monotonic() + PATIENCE
        wanted = JOURNALS[place]  # in the middle of stage 3, then of stage 4
        while process.is_alive() and not keys(job)[wanted] and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 2))
        process.kill()
        process.join(PATIENCE)
        assert process.exitcode == -9
        now = keys(job)
        assert all(now[name][: len(some)] == some for name, some in before.items())
    last = job.begun()
    last.join(PATIENCE)
    assert last.exitcode == 0
    done = keys(job)
    assert all(some for some in done.values())
    assert all(len(set(some)) == len(some) for some in done.values())
    gains = json.loads(job.won.read_text())
    assert list(gains) == ["4", "5", "6"]
    assert gains["6"]["split"] == "test"
    assert gains["6"]["gain"] > 0
    assert keras.saving.load_model(job.folder / "ensemble.keras") is not None
