"""Changes that were kept: each made alone, each beyond noise."""

import dataclasses
import json

import pytest
from climbing import FASTER, LONGER, NOTHING, WIDE, build, ladder, rows

from keras_recipe.checks.overfit.kr303_one_at_a_time import one_at_a_time
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.core.runner import examined
from keras_recipe.experiments.ladder import START, LadderResult, Move, Rung
from keras_recipe.experiments.ladder import judged as judged_rung
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.subject import Subject


def rung(move, *scores, moves=None, **fields):
    records = tuple(
        TrialRecord(
            key=f"{move.name}, seed {seed}",
            moves=(move.name,) if moves is None else moves,
            seed=seed,
            score=score,
            status="done" if score is not None else "failed",
            message="" if score is not None else "the loss is nan",
        )
        for seed, score in enumerate(scores)
    )
    return Rung(move=move, records=records, **fields)


BEGIN = rung(START, 1.0, 1.1, 0.9, moves=(), kept=True)


def kept(move=FASTER, low=0.1, moves=None):
    fields = {"gain": 0.3, "interval": (low, 0.4), "kept": True, "unit": "share of the loss"}
    return rung(move, 0.7, 0.8, 0.6, moves=moves, **fields)


def dropped(move=NOTHING):
    return rung(move, 1.0, 1.1, 0.9, gain=0.0, interval=(-0.1, 0.1))


def climbed(*rungs):
    return LadderResult(rungs=(BEGIN, *rungs), monitor="val_loss", seeds=(0, 1, 2), trial=None)


def test_a_real_ladder_passes_and_says_what_was_kept():
    result = one_at_a_time(ladder().climb([NOTHING, FASTER]))
    assert result.status is Status.PASS
    assert "1 of 2 changes helped beyond the noise of 3 seeds and were kept: faster" in (
        result.message
    )
    assert result.measured == 1.0
    assert set(result.evidence) == {"nothing", "faster"}
    assert len(result.pictures) == 1
    json.dumps(result.to_dict())


def test_where_nothing_helped_nothing_is_wrong():
    result = one_at_a_time(climbed(dropped(), dropped(WIDE)))
    assert result.status is Status.PASS
    assert "none of 2 changes helped" in result.message


def test_each_on_top_of_the_other_passes():
    second = kept(WIDE, moves=("faster", "wide"))
    assert one_at_a_time(climbed(kept(), second)).status is Status.PASS


@pytest.mark.parametrize("low", [0.0, -0.1])
def test_a_change_kept_within_the_noise_warns(low):
    result = one_at_a_time(climbed(kept(low=low)))
    assert result.status is Status.WARN
    assert "'faster' was kept within the noise" in result.message


def test_a_change_that_no_number_speaks_for_warns():
    doubtful = dataclasses.replace(kept(), gain=float("nan"))
    assert one_at_a_time(climbed(doubtful)).status is Status.WARN


def test_two_changes_at_once_warn():
    both = Move(name="both", text="", change=lambda model: model, fit={"epochs": 3})
    result = one_at_a_time(climbed(kept(both)))
    assert result.status is Status.WARN
    assert "'both' changes model and fit at once" in result.message
    result = one_at_a_time(climbed(kept(WIDE, moves=("longer", "wide"))))
    assert "longer and wide were tried together only" in result.message


def test_two_at_once_that_were_not_kept_do_no_harm():
    both = Move(name="both", text="", change=lambda model: model, fit={"epochs": 3})
    assert one_at_a_time(climbed(dropped(both), kept())).status is Status.PASS


def test_a_change_that_makes_training_possible_is_no_noise():
    broken = rung(START, None, None, None, moves=(), kept=True)
    found = judged_rung(FASTER, broken, kept().records)
    made = LadderResult(rungs=(broken, found), monitor="loss", seeds=(0, 1, 2), trial=None)
    assert one_at_a_time(made).status is Status.PASS


def test_a_ladder_without_a_change_says_nothing():
    with pytest.raises(NotApplicable, match="no change was tried"):
        one_at_a_time(climbed())


def test_without_a_ladder_it_is_skipped_with_what_to_call():
    given = rows()
    result = examined(one_at_a_time, Subject(build(), given.x, given.y), {})
    assert result.status is Status.SKIP
    assert result.message == ("no ladder was run: Recipe.overfit() tries one change at a time")


def test_with_one_it_is_handed_over():
    given = rows()
    made = Subject(build(), given.x, given.y, extras={"ladder": climbed(kept(LONGER))})
    assert examined(one_at_a_time, made, {}).status is Status.PASS
