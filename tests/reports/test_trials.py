"""The table of a search's trials."""

import re

import search_records as made
from rich.console import Console

from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.reports import trials


def record():
    bad = SearchTrial(
        key="99", hyperparameters={"units": 8}, seed=0, status="failed", message="[red]no"
    )
    return made.record([*made.valley(20), bad]).to_dict()


def test_the_best_trials_come_first_and_the_others_are_counted():
    lines = trials.render(record()).splitlines()
    keys = [line.split()[0] for line in lines if re.match(r" *\d\d ", line)]
    assert keys[0] == made.record(made.valley(20)).best.key
    assert len(keys) == trials.MOST
    assert "5 finished trials more" in trials.render(record())


def test_failed_trials_are_named_and_their_words_are_no_markup():
    text = trials.render(record())
    assert "1 failed" in text
    assert "trial 99 failed: [red]no" in text
    assert "&lt;b&gt;" in trials.notebook(
        {**record(), "objective": "<b>"}, []
    )  # nothing of the user's becomes HTML


def test_brackets_in_names_and_values_are_no_markup():
    data = record()
    for trial in data["trials"]:
        trial["hyperparameters"] = {"[red]axis": "[/]", **trial["hyperparameters"]}
    axes = {"[red]axis": {}, **data["axes"]}
    text = trials.render({**data, "axes": axes, "objective": "[b]loss"})
    for word in ("[red]axis", "[/]", "[b]loss"):
        assert word in text


def test_a_search_without_a_finished_trial_is_shown():
    data = {**record(), "ranked": []}
    assert "no trial of 21 was finished" in trials.render(data)
    Console(quiet=True).print(trials.table(data))
