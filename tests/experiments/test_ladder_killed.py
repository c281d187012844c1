"""A ladder that is killed again and again ends as one that is left alone."""

from climbing import climbed
from killing import Job, killed, left_alone
from one_backend import ONE_BACKEND

KILLS = 10

pytestmark = ONE_BACKEND


def test_ten_kills_at_random_moments_change_nothing(tmp_path):
    alone, other = (
        Job(climbed, tmp_path / name, ("ladder.jsonl",)) for name in ("alone", "killed")
    )
    pace = left_alone(alone)
    assert pace.trainings >= 12
    assert len(killed(other, pace, KILLS)) == KILLS
    assert other.results() == alone.results()
    assert (other.folder / "ladder.jsonl").read_bytes().endswith(b"\n")
