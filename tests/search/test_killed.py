"""A search that is killed again and again ends as one that is left alone."""

import json

import keras
from killing import Job, killed, left_alone
from one_backend import ONE_BACKEND
from searching import TRIALS, run

KILLS = 10

pytestmark = ONE_BACKEND


def test_ten_kills_at_random_moments_change_nothing(tmp_path):
    alone, other = (Job(run, tmp_path / name, ("tune.jsonl",)) for name in ("alone", "killed"))
    pace = left_alone(alone)
    assert pace.trainings == TRIALS
    assert len(killed(other, pace, KILLS)) == KILLS
    assert other.results() == alone.results()
    for line in other.lines()["tune.jsonl"]:
        path = json.loads(line)["path"]
        assert path is None or keras.saving.load_model(path) is not None
    assert not list((other.folder / "tune" / "models").glob("half-*"))
