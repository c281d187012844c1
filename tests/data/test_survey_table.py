"""A survey as it is printed."""

import io

from rich.console import Console

from keras_recipe.data.survey_table import MOST_ROWS, table


def printed(**changed):
    row = {"name": "x", "dtype": "int64", "count": 9, "non_finite": 0, "mean": None}
    survey = {
        "kind": "arrays",
        "rows": 9,
        "broken": "",
        "features": [row],
        "labels": {},
        "duplicates": {"rows": 0, "share": 0.0, "compared": 9, "exact": True},
        "sample": {"rows": 9, "seed": 3},
    }
    page = io.StringIO()
    Console(file=page, width=120).print(table(survey | changed))
    return page.getvalue()


def test_names_in_brackets_are_no_markup():
    row = {"name": "x[red]", "dtype": "int64", "count": 9}
    assert "x[red]" in printed(features=[row], kind="[b]")
    assert "[b]: 9 rows" in printed(features=[row], kind="[b]")


def test_labels_keep_their_brackets():
    assert "y: 2 labels ([red]: 5, [/]: 4)" in printed(labels={"y": {"[/]": 4, "[red]": 5}})


def test_what_is_left_out_is_said():
    row = {"name": "x", "dtype": "int64", "count": 9}
    assert "and 5 more" in printed(features=[row] * (MOST_ROWS + 5))
    counts = {str(label): 100 - label for label in range(30)}
    said = printed(labels={"y": counts, "z": None})
    assert "y: 30 labels (0: 100, 1: 99" in said
    assert "and 10 more)" in said
    assert "z: more than 4096 labels, or numbers" in said


def test_what_is_no_exact_number_is_said():
    assert "of all rows)" in printed()
    copies = {"rows": 5, "share": 0.05, "compared": 100, "exact": False}
    assert "100 rows with small hashes" in printed(duplicates=copies)
    assert "seed 3" in printed()
