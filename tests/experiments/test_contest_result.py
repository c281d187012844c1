"""What a contest says."""

import pytest

from keras_recipe.core.result import Fix, Status
from keras_recipe.experiments.contest import Contest
from keras_recipe.experiments.contest_result import result_of


def told(race):
    return result_of(
        race,
        "inputs are large",
        {"measured": 99.0, "evidence": {"x": 1}},
        what="labels",
        fix=Fix(text="Standardise."),
        cause="It is large.",
        least=0.3,
        ratio=0.5,
    )


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (0.1, 0.9, Status.FAIL),
        (0.6, 0.9, Status.WARN),
        (0.8, 0.9, Status.PASS),
        (0.9, 0.2, Status.PASS),
        (0.0, 0.1, Status.WARN),  # neither learns: something else is wrong too
    ],
)
def test_status_follows_the_shares(before, after, status):
    race = Contest(steps=[5, 10], before=[[0.0, before]], after=[0.0, after], planned=10)
    result = told(race)
    assert result.status is status
    assert "in 10 steps" in result.message
    assert result.evidence["x"] == 1
    assert result.pictures[0]["series"]["standardised"] == [0.0, after]
    if status is not Status.PASS:
        tried = result.fix.tried
        assert (tried["before"], tried["after"], tried["steps"]) == (before, after, 10)


def test_without_time_it_is_a_suspicion():
    result = told(None)
    assert result.status is Status.WARN
    assert "too long" in result.message
