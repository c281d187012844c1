import numpy as np
import pytest
from keras import layers
from specimens import cancer, compiled

from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.core.result import warned
from keras_recipe.data.sources import open_source
from keras_recipe.examine import check
from keras_recipe.looking.browse import browse
from keras_recipe.looking.findings import refuse_other_data, rows_named
from keras_recipe.looking.sampled import sampled


def row(code, **evidence):
    return warned("m", evidence=evidence).stamped(code=code, name="n")


def contents(x, y):
    return sampled(open_source(x, y), 10, 0).contents


@pytest.mark.parametrize(
    ("result", "rows"),
    [
        (row("KR103", pairs=[[5, 2], [9, 2]], conflicts=[[1, 5]], floor=0.1), [1, 2, 5, 9]),
        (row("KR104", pairs=[[5, 2]]), [2]),
        (row("KR104", validation={"pairs": [[7, 3]]}), [3]),
        (row("KR107", suspects=[4, 1], given=[0, 1], rows=70), [1, 4]),
        (
            row(
                "KR101",
                **{"training x": {"indices": [3], "rows": 1}, "test x": {"indices": [8]}},
            ),
            [3],
        ),
    ],
)
def test_rows_are_those_of_the_training_data(result, rows):
    assert rows_named(Report([result])) == {result.code: rows}


def test_doubted_labels_can_be_sorted_by_doubt_as_many_as_memory_holds(monkeypatch):
    x, y = cancer()
    ranking = [401, 3, 77, *range(200, 240)]
    report = Report([row("KR107", suspects=ranking[:2], ranking=ranking)])
    found = browse(x, y, report=report, rows=20).filter(finding="KR107").sort("doubt")
    assert found.rows.tolist() == ranking
    assert found.scores["doubt"].tolist() == list(range(1, len(ranking) + 1))
    monkeypatch.setattr("keras_recipe.looking.sampled.SAMPLE_BYTES", 0)  # then 32 rows
    few = browse(x, y, report=report, rows=1).filter(finding="KR107").sort("doubt")
    assert few.rows.tolist()[:32] == ranking[:32]
    assert len(few) <= 33


def test_a_report_that_names_no_rows_names_none():
    assert rows_named(Report([row("KR204", rows=70)])) == {}


@pytest.fixture(scope="module")
def examined():
    x, y = cancer()
    x = np.concatenate([x[:300], x[:40]])
    y = np.concatenate([y[:300], 1 - y[:40]])
    x[17, 3] = 900.0
    model = compiled(
        layers.Dense(1, activation="sigmoid"), shape=(30,), loss="binary_crossentropy"
    )
    return x, y, model, check(model, x, y, select=["KR103", "KR108"], verbose=False)


def test_a_real_report_leads_to_its_rows(examined):
    x, y, _, report = examined
    found = browse(x, y, report=report, rows=20)
    copies = found.filter(finding="KR103")
    assert len(copies) >= 10
    assert (copies.scores["copies"] == 2).all()
    assert 17 in found.filter(finding="KR108").rows
    assert "that the report names" in repr(found)


def test_rows_before_a_validation_split_are_the_first_rows(examined):
    x, y, model, _ = examined
    report = check(model, x, y, validation_split=0.2, select=["KR103"], verbose=False)
    refuse_other_data(report, contents(x, y), len(x))


@pytest.mark.parametrize("change", [lambda x: x[::-1], lambda x: x[:50], lambda x: x + 1])
def test_a_report_of_other_data_is_refused(examined, change):
    x, y, _, report = examined
    with pytest.raises(InputError, match="report is of other data"):
        browse(change(x), y[: len(change(x))], report=report)


def test_a_report_from_a_file_is_known_by_its_rows(examined):
    x, y, _, report = examined
    again = Report.from_json(report.to_json())
    assert len(browse(x, y, report=again).filter(finding="KR103")) >= 10
    with pytest.raises(InputError, match="report is of other data"):
        browse(x[:60], y[:60], report=again)


def test_a_finding_that_names_nothing_says_which_do(examined):
    x, y, _, report = examined
    with pytest.raises(InputError, match="names no rows for 'KR107'; it does for KR103"):
        browse(x, y, report=report).filter(finding="KR107")
    with pytest.raises(InputError, match="No report names rows"):
        browse(x, y).filter(finding="KR103")
    with pytest.raises(InputError, match="must be what check returned"):
        browse(x, y, report="report.json")
