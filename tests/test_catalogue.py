import io
import json

import pytest
from rich.console import Console

from keras_recipe import catalogue, checks
from keras_recipe.core.check import SECTIONS, STAGES
from keras_recipe.core.errors import ConfigError


@pytest.fixture(scope="module")
def known():
    return checks.load()


def shown(page):
    console = Console(file=io.StringIO(), width=500)
    console.print(page)
    return console.file.getvalue()


def words(text):
    return " ".join(text.split())


def test_every_check_is_found_by_code_and_by_name(known):
    for code, check in known.items():
        for word in (code, code.lower(), f" {code} ", check.name, check.name.replace("-", "_")):
            assert catalogue.find(word) is check


@pytest.mark.parametrize("word", ["KR999", "kr999", "KR20", "KR"])
def test_an_unknown_code_names_the_nearest_code(known, word):
    with pytest.raises(ConfigError, match=rf"Unknown check '{word.upper()}'.*KR\d\d\d"):
        catalogue.find(word)


def test_an_unknown_name_names_the_nearest_name(known):
    name = known["KR209"].name
    with pytest.raises(ConfigError, match=f"Unknown check '{name}s'; did you mean '{name}'"):
        catalogue.find(f"{name}s")


def test_a_page_shows_everything_the_docstring_says(known):
    for check in known.values():
        text = words(shown(catalogue.page(check)))
        assert text.startswith(f"{check.code} {check.name} {words(check.page['summary'])}")
        for title in SECTIONS:
            assert f"{title} {words(check.page[title])}" in text
        for name, default in check.thresholds.items():
            assert f"{name} = {default!r}" in text
        assert STAGES[check.code[2]] in text


def test_the_docstrings_line_breaks_are_undone_but_not_its_paragraphs_and_lists():
    text = (
        "One sentence\nof two lines.\n\nA list:\n- one\n- two\nof it\nrtol: a gap;\nits unit."
    )
    assert catalogue._flowing(text, ["rtol"]).splitlines() == [
        "One sentence of two lines.",
        "",
        "A list:",
        "- one",
        "- two of it",
        "rtol: a gap; its unit.",
    ]


def test_the_table_has_every_check_below_its_stage(known):
    lines = shown(catalogue.table(catalogue.every())).splitlines()
    heads = [line for line in lines if line[:2] in {f"{n}." for n in STAGES}]
    assert heads == [
        f"{n}. {stage}".ljust(len(f"{n}. {stage}"))
        for n, stage in STAGES.items()
        if any(code[2] == n for code in known)
    ]
    stage, seen = "", []
    for line in lines:
        if line in heads:
            stage = line[0]
        elif line.startswith("KR"):
            assert line[2] == stage
            seen.append(line.split()[0])
    assert seen == sorted(known)
    assert lines[-1] == f"{len(known)} checks"


def test_the_data_are_json_and_hold_the_whole_page(known):
    for check in catalogue.every():
        data = json.loads(json.dumps(catalogue.data(check)))
        assert (data["code"], data["name"]) == (check.code, check.name)
        assert data["page"] == dict(check.page)
        assert data["thresholds"].keys() == check.thresholds.keys()
