import json

from keras_recipe.core.report import Report
from keras_recipe.reports import json as json_report


def test_a_report_comes_back_as_it_was(report, hostile_report):
    for original in (report, hostile_report, Report()):
        assert Report.from_json(json_report.render(original)) == original


def test_it_is_strict_json_with_a_schema_version(report):
    def refuse(constant):
        raise AssertionError(constant)

    data = json.loads(json_report.render(report), parse_constant=refuse)
    assert data["schema_version"] == 1
    losses = next(r for r in data["results"] if r["code"] == "KR204")["evidence"]["losses"]
    assert losses == [14.27, "nan"]


def test_every_string_can_be_written_as_utf8(hostile_report):
    assert json_report.render(hostile_report).encode()
