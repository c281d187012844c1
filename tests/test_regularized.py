"""What stage 4 found, as a table, pictures and plain data."""

import json

import pytest
from climbs import BETTER, SAME, WORSE, climbed
from curves import curve

from keras_recipe.regularized import Regularized


def found(*moves, **settings):
    return Regularized(climbed=climbed(*moves, **settings))


FULL = (("dropout 0.5", "dropout", BETTER), ("<b>batch", "smaller batch", WORSE))


def test_the_verdict_names_what_was_kept_and_what_it_gained_together():
    result = found(*FULL)
    assert result.kept == ("dropout 0.5",)
    assert result.verdict.startswith("of 2 moves, 'dropout 0.5' helped beyond noise")
    assert "38.4 % (33.7 to 42.9) less than 1 as it was" in result.verdict
    assert result.gain.mean == pytest.approx(0.384, abs=1e-3)


def test_where_nothing_helps_the_program_stays():
    result = found(("a", "dropout", WORSE), ("b", "dropout", SAME))
    assert result.verdict == ("none of 2 moves helps beyond noise: the program stays as it is")
    assert result.gain is None
    assert found().verdict == "no move could be tried"


def test_the_table_has_both_gains_and_why():
    text = str(found(*FULL, left_out={"pretrained": "none given"}))
    assert "38.4 % (33.7 to 42.9)" in text
    assert "-199 % (-217 to -182)" in text
    assert "no: harms" in text
    assert "not tried: pretrained (none given)" in text


def test_a_failed_move_is_a_row():
    assert "no: failed" in str(found(("a", "dropout", (None, None, None))))


def test_html_is_escaped_and_has_the_curve():
    page = found(*FULL, curve=curve())._repr_html_()
    assert "&lt;b&gt;batch" in page
    assert "<b>batch" not in page
    assert page.count("data:image/png") == 2
    assert "800 rows should take" in page


def test_it_is_plain_data():
    data = json.loads(json.dumps(found(*FULL, curve=curve()).to_dict()))
    assert [one["family"] for one in data["moves"]] == ["dropout", "smaller batch"]
    assert data["moves"][0]["training"]["mean"] < 0
    assert data["curve"]["sizes"] == [50, 100, 200, 400]
