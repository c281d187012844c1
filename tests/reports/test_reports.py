import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from keras_recipe import reports
from keras_recipe.core.errors import ConfigError, InputError

STARTS = {
    "console": "Become one with the data",
    "json": "{",
    "junit": "<?xml",
    "html": "<!doctype html>",
    "github": "::error",
}


@pytest.mark.parametrize("name", reports.FORMATS)
def test_every_format_can_be_rendered(report, name):
    assert reports.render(report, name).startswith(STARTS[name])


@pytest.mark.parametrize(
    ("name", "hint"),
    [("htlm", "did you mean 'html'"), ("junitxml", "'junit'"), ("pdf", "'pdf'")],
)
def test_an_unknown_format_is_one_sentence_with_the_nearest(report, name, hint):
    with pytest.raises(ConfigError, match=hint) as error:
        reports.render(report, name)
    assert "console, json, junit, html, github" in str(error.value)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("r.html", "html"),
        ("r.HTM", "html"),
        ("r.json", "json"),
        ("r.xml", "junit"),
        ("r.txt", "console"),
    ],
)
def test_the_suffix_chooses_the_format(report, tmp_path, file, name):
    path = reports.write(report, tmp_path / file)
    assert path.read_text(encoding="utf-8").startswith(STARTS[name])
    assert path == tmp_path / file


def test_the_format_can_be_given(report, tmp_path):
    path = reports.write(report, str(tmp_path / "annotations.log"), "github")
    assert path.read_text(encoding="utf-8").startswith("::error")


@pytest.mark.parametrize("name", ["report", "report.pdf", ""])
def test_a_suffix_that_says_nothing_is_one_sentence(report, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"end it in one of \.html"):
        reports.write(report, name)
    assert list(tmp_path.iterdir()) == []


def test_folders_on_the_way_are_made(report, tmp_path):
    assert reports.write(report, tmp_path / "runs" / "demo" / "report.json").is_file()


def test_an_old_report_is_replaced_and_a_link_stays_one(report, tmp_path):
    target, link = tmp_path / "real.json", tmp_path / "latest.json"
    target.write_text("old")
    link.symlink_to(target)
    reports.write(report, link)
    assert link.is_symlink()
    assert json.loads(target.read_text())["schema_version"] == 1


def test_a_report_is_as_readable_as_any_file(report, tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.write_text("")
    written = reports.write(report, tmp_path / "r.json")
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


@pytest.mark.parametrize(
    "place", ["folder.json", "file.txt/r.json", "nul\0.json", "x" * 300 + ".json"]
)
def test_a_place_that_cannot_be_written_is_one_sentence(report, tmp_path, place):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file.txt").write_text("mine")
    with pytest.raises(InputError, match="cannot be written to") as error:
        reports.write(report, tmp_path / place)
    assert "\n" not in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.txt", "folder.json"]
    assert (tmp_path / "file.txt").read_text() == "mine"


@pytest.mark.parametrize("step", ["replace", "open"])
def test_a_full_disk_leaves_the_old_report_whole(report, tmp_path, monkeypatch, step):
    target = tmp_path / "report.json"
    target.write_text("old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, full)
    with pytest.raises(InputError, match="No space left on device"):
        reports.write(report, target)
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_importing_reports_draws_in_no_renderer():
    program = (
        "import sys, keras_recipe.core.report; before = set(sys.modules);"
        "import keras_recipe.reports;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "sys.exit(bool(new & {'matplotlib', 'jinja2', 'rich', 'numpy', 'keras'}))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_report_knows_how_to_show_itself_in_a_notebook(report):
    assert report._repr_html_().lstrip().startswith('<div class="kr">')
