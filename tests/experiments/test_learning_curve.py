"""Trainings on nested parts of the rows, and the law fitted to their losses."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from climbing import build, ladder, rows
from curves import curve

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.curve_words import curve_picture, curve_text
from keras_recipe.experiments.learning_curve import fitted, learning_curve


def test_parts_are_nested_seeds_paired_and_it_goes_on_from_its_journal(tmp_path):
    seen = []

    def trial(moves, seed):
        made = ladder(lambda: build(rate=1e-2), steps=30).trial(moves, seed)
        seen.append(made)
        return made

    given = rows(0, 128)
    path, said = tmp_path / "j", []
    found = learning_curve(trial, given, (0, 1), journal_file=path, progress=said.append)
    assert found.sizes == (16, 32, 64, 128)
    assert [len(one) for one in found.records] == [2, 2, 2, 2]
    assert np.mean(found.scores(3)) < np.mean(found.scores(0))
    assert len(path.read_text().splitlines()) == 9
    assert said == ["learning curve: 8 trainings on [16, 32, 64, 128] rows"]
    again = learning_curve(trial, given, (0, 1), journal_file=path, progress=said.append)
    assert again.records == found.records
    assert len(said) == 1
    with pytest.raises(InputError, match="belongs to another run"):
        learning_curve(trial, rows(5, 128), (0, 1), journal_file=path)
    json.dumps(found.to_dict())


def test_few_rows_are_not_divided_below_sixteen():
    made = learning_curve(ladder(steps=2).trial, rows(0, 40), (0, 1))
    assert made.sizes == (20, 40)
    assert "2 sizes are too few" in made.reason


@pytest.mark.parametrize("exponent", [0.3, 0.7])
def test_the_law_is_found_again(exponent):
    law = curve(exponent, floor=0.05).law
    truth = 0.2 + 0.05
    wanted = 1 - (0.2 * 2**-exponent + 0.05) / truth
    assert law.interval[0] <= wanted <= law.interval[1]
    assert law.doubling == pytest.approx(wanted, abs=0.06)
    assert law.loss(1.0) == pytest.approx(truth, rel=0.03)


def test_more_noise_makes_the_interval_wider():
    quiet, loud = (curve(noise=size).law.interval for size in (0.005, 0.05))
    assert loud[1] - loud[0] > 2 * (quiet[1] - quiet[0])


def test_where_nothing_falls_there_is_no_law_and_the_words_say_so():
    flat = curve(exponent=0.0)
    assert flat.law is None
    assert "does not fall beyond the noise" in curve_text(flat)
    rising = curve(exponent=-0.3)
    assert rising.law is None


def test_a_failed_training_leaves_no_law():
    made = curve()
    broken = made.records[0][0].__class__(key="", moves=(), seed=0, status="failed")
    records = ((broken, *made.records[0][1:]), *made.records[1:])

    assert fitted(replace(made, records=records))[0] is None
    assert math.isnan(replace(made, records=records).scores(0)[0])


def test_words_and_picture():
    made = curve()
    text = curve_text(made)
    assert text.startswith("from 200 to 400 rows the loss fell by")
    assert "800 rows should take" in text
    drawn = curve_picture(made)
    assert drawn["x"][-1] == 800  # where nothing was measured, which is no broken value
    assert len(drawn["series"]["validation"]) == len(drawn["x"]) - 1
    assert drawn["series"]["power law"][-1] < drawn["series"]["validation"][3]
