"""The record of a search: order, importance, pictures and the way through a file."""

import json

import numpy as np
import pytest
import search_records as made

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.reports import pictures


def only_the_rate_matters(count=40):
    random = np.random.default_rng(0)
    trials = []
    for place in range(count):
        rate, units = float(10 ** random.uniform(-4, -1)), int(random.integers(1, 17)) * 4
        score = abs(np.log10(rate) + 2.5)
        trials.append(made.trial(place, float(score), learning_rate=rate, units=units))
    return made.record(trials)


def failed(key="f"):
    return SearchTrial(
        key=key, hyperparameters={"units": 8}, seed=0, status="failed", message="no"
    )


def test_the_best_comes_first_and_failed_trials_have_no_rank():
    record = made.record([made.trial(0, 2.0), failed(), made.trial(1, 1.0), made.trial(2, 1.0)])
    assert [trial.key for trial in record.ranked] == ["01", "02", "00"]
    assert record.best.key == "01"


def test_more_can_be_better():
    record = made.record([made.trial(0, 0.8), made.trial(1, 0.9)])
    assert type(record)(**{**vars(record), "direction": "max"}).best.score == 0.9


def test_without_a_finished_trial_there_is_no_best():
    record = made.record([failed()])
    with pytest.raises(InputError, match="No trial"):
        _ = record.best
    assert record.pictures() == []


def test_importance_finds_the_axis_that_matters():
    shares = only_the_rate_matters().importance()
    assert next(iter(shares)) == "learning_rate"
    assert shares["learning_rate"][0] > 0.8
    assert sum(share for share, _ in shares.values()) == pytest.approx(1.0)


def test_few_trials_or_equal_ones_tell_no_importance():
    assert made.record(made.valley(5)).importance() == {}
    level = [made.trial(i, 1.0, learning_rate=0.01, units=4 * i) for i in range(1, 12)]
    assert made.record(level).importance() == {}


def test_pictures_are_drawn():
    drawn = [pictures.render(picture) for picture in only_the_rate_matters().pictures()]
    assert len(drawn) == 2
    assert all(png.startswith(b"\x89PNG") for png in drawn)


def test_a_hyperparameter_that_does_not_apply_breaks_the_line():
    trials = [made.trial(i, float(i), learning_rate=0.01) for i in range(3)]
    picture = made.record(trials).across()[0]
    assert np.isnan(picture["points"]).any()
    assert pictures.render(picture).startswith(b"\x89PNG")


def test_a_trial_comes_back_from_its_line():
    trial = SearchTrial(
        key="3", hyperparameters={"rate": np.float64(0.1), "name": "adam"}, seed=1, score=0.5,
        epoch=1, curves={"val_loss": [float("nan"), 0.5]},
    )  # fmt: skip
    again = SearchTrial.from_dict(json.loads(json.dumps(trial.to_dict())))
    assert again.to_dict() == trial.to_dict()
    assert again.hyperparameters["rate"] == 0.1
    with pytest.raises(ValueError, match="fields"):
        SearchTrial.from_dict({"key": "3"})
