import board_reader
import pytest

from keras_recipe.callbacks.report_log import ReportLog
from keras_recipe.core.report import Report
from keras_recipe.core.result import passed
from keras_recipe.tensorboard import Writer

BARS = {"kind": "bars", "title": "Classes", "labels": ["a", "b"], "values": [1.0, 2.0]}


def report(*codes):
    return Report(
        [passed("fine", code=code, name="a_check", pictures=[BARS]) for code in codes]
    )


def written(folder, *reports):
    """Write the reports at steps 0, 1, ... and return (tag, step) of everything written."""
    with Writer(folder) as writer:
        log = ReportLog(writer)
        for step, each in enumerate(reports):
            log.write(each, step)
    return [(tag, step) for tag, step, _ in board_reader.values(folder)]


def test_texts_and_pictures(tmp_path):
    assert written(tmp_path, report("KR101")) == [
        ("recipe/checklist", 0),
        ("recipe/problems", 0),
        ("recipe/KR101/0", 0),
    ]


def test_the_same_report_is_written_once(tmp_path):
    assert {step for _, step in written(tmp_path, report("KR101"), report("KR101"))} == {0}


def test_only_new_findings_are_drawn(tmp_path):
    found = written(tmp_path, report("KR101"), report("KR101", "KR102"))
    assert [(tag, step) for tag, step in found if tag.endswith("/0")] == [
        ("recipe/KR101/0", 0),
        ("recipe/KR102/0", 1),
    ]


@pytest.mark.parametrize("nothing", [None, Report()])
def test_nothing_to_write(tmp_path, nothing):
    assert written(tmp_path, nothing) == []
