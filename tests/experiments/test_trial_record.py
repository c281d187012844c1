import json

import pytest

from keras_recipe.experiments.trial_record import TrialRecord

RECORD = TrialRecord(
    key="a, seed 1",
    moves=("a",),
    seed=1,
    steps=3,
    seconds=0.2,
    curves={"loss": [1.0, float("nan"), 0.1 + 0.2]},
    score=1 / 3,
)


def test_it_comes_back_from_json_bit_for_bit():
    again = TrialRecord.from_dict(json.loads(json.dumps(RECORD.to_dict())))
    assert again.score == RECORD.score
    assert again.curves["loss"][2] == 0.1 + 0.2
    assert repr(again) == repr(RECORD)


def test_without_the_clock_two_runs_are_equal():
    slow = TrialRecord.from_dict({**RECORD.to_dict(), "seconds": 9.0})
    assert slow.timeless() == RECORD.timeless()
    assert "seconds" not in slow.timeless()


@pytest.mark.parametrize("wrong", [{"status": "lost"}, {"more": 1}])
def test_what_is_no_record_is_refused(wrong):
    with pytest.raises(ValueError, match="a trial has the fields"):
        TrialRecord.from_dict({**RECORD.to_dict(), **wrong})


def test_a_journal_from_before_the_training_rows_were_scored_is_read():
    old = {k: v for k, v in RECORD.to_dict().items() if k != "train_score"}
    assert TrialRecord.from_dict(old).train_score is None
    with pytest.raises(ValueError, match="a trial has the fields"):
        TrialRecord.from_dict({k: v for k, v in old.items() if k != "score"})


def test_only_a_finite_score_can_be_judged():
    assert RECORD.judged
    assert not TrialRecord(key="", moves=(), seed=0, status="failed").judged
