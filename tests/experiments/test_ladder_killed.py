"""A ladder that is killed again and again ends as one that is left alone."""

import keras
import pytest
from climbing import climbed
from killing import Job, killed, left_alone

KILLS = 10

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch",
    reason="what is tested is the journal; on the others the compiling takes minutes",
)


def test_ten_kills_at_random_moments_change_nothing(tmp_path):
    alone, other = (
        Job(climbed, tmp_path / name, ("ladder.jsonl",)) for name in ("alone", "killed")
    )
    pace = left_alone(alone)
    assert pace.trainings >= 12
    assert len(killed(other, pace, KILLS)) == KILLS
    assert other.results() == alone.results()
    assert (other.folder / "ladder.jsonl").read_bytes().endswith(b"\n")
