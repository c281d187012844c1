"""The rungs as text, picture and HTML."""

import pytest

from keras_recipe.reports import pictures, rungs

NAN = "nan"


def rung(name, loss, explained, *, kept=True, reason=""):
    """One rung as `Overfitted.to_dict` has it."""
    told = {"name": name, "text": "some change", "reason": reason}
    return {**told, "loss": loss, "explained": explained, "kept": kept}


DATA = {
    "verdict": "'wider <b>' did it",
    "met": True,
    "goal": {"loss": 0.1},
    "rungs": [
        rung("start", 2.0, 0.1, reason="begins"),
        rung("worse", "inf", NAN, kept=False, reason="seed 0 failed"),
        rung("wider <b>", 0.05, 0.98, reason="gain"),
    ],
    "left_out": {"deeper": "no place"},
}


def test_every_rung_is_a_row_with_its_loss_and_reason():
    text = rungs.render(DATA, width=120)
    rows = {line.split()[1]: line for line in text.splitlines() if line[1:2].isdigit()}
    assert rows["start"].split()[2:6] == ["2", "10.0", "%", "yes"]
    assert "failed" in rows["worse"]
    assert "no" in rows["worse"].split()
    assert "98.0 %" in rows["wider"]
    assert "'wider <b>' did it" in text
    assert "not tried: deeper (no place)" in text


def test_brackets_are_no_markup():
    data = {**DATA, "rungs": [rung("[b]wider", 1.0, 0.5, reason="[red]gain")]}
    text = rungs.render({**data, "left_out": {"[i]deeper": "[/]"}}, width=120)
    for word in ("[b]wider", "[red]gain", "[i]deeper ([/])"):
        assert word in text


def test_the_picture_follows_the_kept_ones_down_to_the_goal():
    picture = rungs.picture(DATA)
    assert picture["series"]["kept so far"] == [2.0, 2.0, 0.05]
    assert picture["series"]["goal"] == [0.1, 0.1, 0.1]
    assert picture["yscale"] == "log"
    assert pictures.render(picture).startswith(b"\x89PNG")


def test_without_a_goal_no_line_is_drawn():
    picture = rungs.picture({**DATA, "goal": {"loss": "-inf"}})
    assert set(picture["series"]) == {"kept so far", "tried"}


@pytest.mark.parametrize("part", ["wider <b>", "no place"])
def test_html_holds_everything_escaped(part):
    html = rungs.notebook({**DATA, "left_out": {"deeper": "no place"}})
    assert part.replace("<", "&lt;").replace(">", "&gt;") in html
    assert "wider <b>" not in html
    assert html.count("<tr>") == 4
    assert "data:image/png;base64," in html
