import sys

import board_reader
import keras
import numpy as np
import pytest
from factories import PLAIN
from typer.testing import CliRunner

from keras_recipe import cli
from keras_recipe.core.errors import InputError
from keras_recipe.looking.browse import browse
from keras_recipe.looking.terminal import chosen


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A current folder with look.py and table.csv."""
    (tmp_path / "look.py").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "table.csv").write_text("a,b,kind\n1,2,x\n3,4,y\n9,9,x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("KERAS_BACKEND", keras.config.backend())
    yield tmp_path
    sys.modules.pop("look", None)


def run(*words):
    return CliRunner().invoke(cli.app, ["browse", *map(str, words)])


def test_a_program_is_looked_at_and_written(project):
    done = run(
        "look:factory", "--sort", "loss", "--filter", "label=1", "--head", 5,
        "--output", "page.html", "--log-dir", "log",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "5 rows, label 1, by loss" in done.stdout
    assert "the user's own words" not in done.stdout
    assert "label 1" in (project / "page.html").read_text(encoding="utf-8")
    assert [tag for tag, _, _ in board_reader.values(project / "log", "images")] == [
        "recipe/rows"
    ]


def test_what_a_report_found_can_be_asked_for(project):
    rows = [f"{n},{n % 7},{'xy'[n % 2]}" for n in range(40)]
    (project / "twice.csv").write_text("\n".join(["a,b,kind", *rows, rows[3]]), "utf-8")
    words = ["data", "twice.csv", "--target", "kind", "--format", "json"]
    checked = CliRunner().invoke(cli.app, [*words, "--output", "found.json"])
    assert checked.exit_code == 0, checked.output
    wanted = ["--target", "kind", "--report", "found.json", "--filter", "finding=KR103"]
    done = run("twice.csv", *wanted)
    assert done.exit_code == 0, done.output
    assert "2 rows" in done.stdout


@pytest.mark.parametrize("view", ["distributions", "predictions"])
def test_every_view_can_be_drawn(project, view):
    done = run("look:factory", "--view", view, "--output", "a.png")
    assert done.exit_code == 0, done.output
    assert (project / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_table_is_looked_at():
    done = run("table.csv", "--target", "kind", "--filter", "label=x", "--filter", "mean > 5")
    assert done.exit_code == 0, done.output
    assert "1 row, label x, mean > 5" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["look:factory", "--sort", "beauty"], "no score 'beauty'"),
        (["look:factory", "--view", "movies"], "view"),
        (["look:factory", "--output", "a.pdf"], ".html for a page"),
        (["look:factory", "--target", "kind"], "is no table"),
        (["look:factory", "--filter", "correct=perhaps"], "takes yes or no"),
        (["nothing.csv"], "no file or folder"),
        (["table.csv", "--report", "nothing.json"], "cannot be read"),
        (["table.csv", "--report", "table.csv"], "not valid JSON"),
        (["table.csv", "--output", "table.csv/x.html"], "is a file"),
    ],
)
def test_misuse_is_one_sentence(words, said):
    done = run(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_options_are_taken_in_order():
    x = np.array([[1.0, 1], [5, 5], [3, 3], [7, 7]])
    found = browse(x, np.array([0, 0, 1, 1]))
    assert chosen(found, sort="-mean", per_class=1).rows.tolist() == [3, 1]
    assert chosen(found, sort="+mean", head=2).rows.tolist() == [0, 2]
    with pytest.raises(InputError, match="search"):
        chosen(found, search="a")
