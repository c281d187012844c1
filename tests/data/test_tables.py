"""CSV and Parquet files: every column a number, decided on all rows, and said."""

import csv
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

import keras_recipe
from keras_recipe.core.errors import ConfigError, InputError
from keras_recipe.data import columns_read, tables
from keras_recipe.data.columns_read import Gathered
from keras_recipe.data.sources import open_source
from keras_recipe.data.survey import survey
from keras_recipe.data.tables import open_table

ROWS = 300
RANDOM = np.random.default_rng(0)


def frame(rows=ROWS):
    return pd.DataFrame(
        {
            "size": RANDOM.normal(size=rows),
            "rooms": RANDOM.integers(1, 9, rows),
            "town": RANDOM.choice(["Ulm", "Köln", 'Bad "X", near Y'], rows),
            "sold": pd.date_range("2020-01-01", periods=rows, freq="h"),
            "cheap": RANDOM.choice(["no", "yes"], rows),
        }
    )


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 16)  # several chunks and parts
    made = frame()
    made.to_csv(tmp_path / "t.csv", index=False)
    return made, tmp_path / "t.csv"


def written(folder, text, name="t.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def all_of(source):
    batches = list(source.batches())
    y = None if batches[0].y is None else np.concatenate([b.y for b in batches])
    return np.concatenate([b.x for b in batches]), y


def said(source, topic):
    return list(source.files.notes.of(topic))


def test_every_kind_of_column_becomes_a_number(table):
    made, path = table
    source = open_source(path, "cheap")
    x, y = all_of(source)
    towns = sorted(set(made["town"]))
    seconds = (made["sold"] - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
    np.testing.assert_allclose(x[:, 0], made["size"])
    np.testing.assert_array_equal(x[:, 1], made["rooms"])
    np.testing.assert_array_equal(x[:, 2], [towns.index(town) for town in made["town"]])
    np.testing.assert_array_equal(x[:, 3], seconds)
    np.testing.assert_array_equal(y, made["cheap"] == "yes")
    assert (x.dtype, y.dtype, source.size) == ("float64", "int32", ROWS)
    assert source.files.classes == ("no", "yes")
    assert said(source, "made numbers") == [
        "'town': 3 words, now numbered",
        "'sold': dates (ISO8601), now seconds",
        "'cheap': 2 words, now numbered",
    ]


def test_the_parts_are_the_whole_and_can_be_sent(table):
    source = open_source(table[1], "cheap")
    assert len(source.partitions) == 3
    parts = pickle.loads(pickle.dumps(source.partitions))
    found = np.concatenate([batch.x for part in parts for batch in part()])
    np.testing.assert_array_equal(found, all_of(source)[0])


def test_parquet_is_read_as_csv_is(table, tmp_path):
    pytest.importorskip("pyarrow")
    made, path = table
    made.to_parquet(tmp_path / "t.parquet", row_group_size=100)
    source = open_source(tmp_path / "t.parquet", "cheap")
    for mine, theirs in zip(all_of(source), all_of(open_source(path, "cheap")), strict=True):
        np.testing.assert_allclose(mine, theirs)
    assert len(source.partitions) == 3
    assert pickle.loads(pickle.dumps(source.partitions))


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match="pip install"):
        open_source(written(tmp_path, "x", "t.parquet"))


def test_missing_values_are_counted_by_their_code(tmp_path):
    text = "a,b\n1,x\n?,NA\n,x\n3,\n4,y\n"
    source = open_table(written(tmp_path, text))
    x, _ = all_of(source)
    np.testing.assert_array_equal(x[:, 0], [1, np.nan, np.nan, 3, 4])
    np.testing.assert_array_equal(x[:, 1], [0, 2, 0, 2, 1])  # a number of their own
    assert said(source, "missing") == [
        "'a': 1 of 5 are '?'",
        "'a': 1 of 5 are blank",
        "'b': 1 of 5 are 'NA'",
        "'b': 1 of 5 are blank",
    ]


def test_a_column_is_what_most_of_its_values_are(tmp_path):
    lines = [f"{n},{n}/2/2020,{n} km" for n in range(1, 11)]
    text = "\n".join(["n,day,way", *lines, "many,soon,11"])
    source = open_table(written(tmp_path, text))
    x, _ = all_of(source)
    assert np.isnan(x[-1, :2]).all()
    assert np.isfinite(x[:-1]).all()
    assert said(source, "mixed") == [
        "1 of 11 values of 'n' are no numbers, such as 'many'",
        "1 of 11 values of 'day' are no dates, such as '1/2/2020'",
    ]
    assert "more than one format fits" in said(source, "made numbers")[0]


def test_dates_with_time_zones_are_moments(tmp_path):
    text = "when,n\n2020-01-01T12:00:00+02:00,1\n2020-01-01 10:00:00Z,2\n2020-01-01,3\n"
    x, _ = all_of(open_table(written(tmp_path, text)))
    assert x[0, 0] == x[1, 0] == x[2, 0] + 36000


def test_decimal_commas(tmp_path):
    source = open_table(written(tmp_path, "a;b\n1,5;2\n1.000,25;3\n"))
    np.testing.assert_array_equal(all_of(source)[0], [[1.5, 2], [1000.25, 3]])


def test_many_words_are_hashed_but_all_of_a_target_are_numbered(tmp_path, monkeypatch):
    monkeypatch.setattr(columns_read, "MOST_WORDS", 50)
    text = "\n".join(["a,b", *(f"w{n},c{n}" for n in range(99))])
    source = open_table(written(tmp_path, text), "b")
    x, y = all_of(source)
    assert len(set(x[:, 0].tolist())) == 99
    assert sorted(y.tolist()) == list(range(99))


def test_a_target_of_numbers_keeps_no_words(monkeypatch):
    monkeypatch.setattr(columns_read, "MOST_WORDS", 50)
    target = Gathered("y", is_target=True)
    for start in range(0, 1000, 20):
        target.add([f"{n / 8}" for n in range(start, start + 20)])
    assert len(target.words) <= 50
    assert target.decide().kind == "number"
    commas = Gathered("y", is_target=True)
    commas.add([f"{n},25" for n in range(99)])
    commas.add(["7,5", "many"])
    assert commas.words == {"many"}
    assert commas.decide().form == ","


def test_words_after_very_many_numbers_are_the_classes(monkeypatch):
    monkeypatch.setattr(columns_read, "MOST_WORDS", 50)
    target = Gathered("y", is_target=True)
    target.add([str(n) for n in range(60)])
    target.add(["cat", "dog"] * 50)
    column = target.decide()
    assert (column.kind, column.words, column.whole) == ("words", ("cat", "dog"), False)
    np.testing.assert_array_equal(column.convert(["dog", "7"]), [1, np.nan])
    assert "too many to be classes" in dict(target.told())["mixed"]


@pytest.mark.parametrize(
    ("words", "huge"),
    [
        (["1e30", "2e30"], False),
        (["9007199254740994.5", "1.0"], False),
        (["9007199254740993", "1"], True),
        (["-9007199254740993", "1e30"], True),
    ],
)
def test_only_what_is_written_as_a_whole_number_is_rounded(words, huge):
    column = Gathered("a", is_target=True)
    column.add(words)
    assert ("huge" in dict(column.told())) == huge
    assert not column.decide().whole  # float64 could not say


@pytest.mark.parametrize(
    ("values", "huge"),
    [
        (pd.Series([1e30, 2.0]), False),
        (pd.Series([2**60 + 1, 2]), True),
        (pd.Series([2**60 + 1, None], dtype="Int64"), True),
    ],
)
def test_the_type_says_what_is_a_whole_number(values, huge):
    column = Gathered("a", is_target=True)
    column.add(values)
    assert ("huge" in dict(column.told())) == huge
    assert not column.decide().whole


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("0,1,2\n5,6,7\n", ("0", "1", "2"), 1),
        (",0,1\n0,5,6\n", ("column 0", "0", "1"), 1),
        ("0,1\nx,6\n", ("0", "1"), 1),
        ("0,1\n5,6\n", ("column 0", "column 1"), 2),
        ("0\n5\n", ("column 0",), 2),
        ("0,1,3\n5,6,7\n", ("column 0", "column 1", "column 2"), 2),
    ],
)
def test_counted_columns_are_a_header(text, names, rows, tmp_path):
    source = open_table(written(tmp_path, text))
    assert tuple(column.name for column in source.files.columns) == names
    assert len(all_of(source)[0]) == rows
    assert len(said(source, "header")) == 1


def test_what_pandas_writes_of_a_frame_without_names(tmp_path):
    values = RANDOM.random((5, 4))
    for index in (True, False):
        pd.DataFrame(values).to_csv(tmp_path / "t.csv", index=index)
        x, _ = all_of(open_table(tmp_path / "t.csv"))
        np.testing.assert_allclose(x[:, -4:], values)


def test_a_long_text_in_quotes_is_a_field(tmp_path):
    limit = csv.field_size_limit()
    text = "word, " * 30_000
    source = open_table(written(tmp_path, f'a,b\n"{text}",1\nshort,2\n'))
    assert source.files.columns[0].words == ("short", text.strip())
    assert len(all_of(source)[0]) == 2
    assert csv.field_size_limit() == limit


def test_parquets_codes_with_a_gap_are_words(tmp_path):
    pytest.importorskip("pyarrow")
    kind = pd.Categorical(["red", None, "blue", "red"])
    made = pd.DataFrame({"kind": kind, "n": pd.array([2**60, None, 3, 4], "Int64")})
    made.to_parquet(tmp_path / "t.parquet")
    source = open_table(tmp_path / "t.parquet")
    x, _ = all_of(source)
    np.testing.assert_array_equal(x[:, 0], [1, 2, 0, 1])
    np.testing.assert_array_equal(x[:, 1], [2**60, np.nan, 3, 4])
    assert len(said(source, "missing")) == 2
    assert "beyond 2^53" in said(source, "huge")[0]


def test_a_first_part_without_rows(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow").table({"a": [1.0, 2.0], "y": [0, 1]})
    with parquet.ParquetWriter(tmp_path / "1.parquet", table.schema) as writer:
        for part in (table.slice(0, 0), table):
            writer.write_table(part)
    parquet.write_table(table.slice(0, 0), tmp_path / "0.parquet")
    source = open_table(tmp_path, "y")
    assert len(source.first) == 2
    x, y = all_of(source)
    assert (x.tolist(), y.tolist()) == ([[1.0], [2.0]], [0, 1])
    assert survey(source).rows == 2


def test_held_out_rows_are_read_as_the_training_rows_are(tmp_path):
    path = written(tmp_path, "a,b,y\n1,blue,no\n2,red,yes\n3,red,no\n")
    other = written(tmp_path, "y,b,a\nyes,red,7\nyes,green,8\n", "v.csv")
    training = open_table(path, "y")
    source = open_table(other, "y", like=training.files)
    x, y = all_of(source)
    np.testing.assert_array_equal(x, [[7, 1], [8, np.nan]])
    np.testing.assert_array_equal(y, [1, 1])
    assert "1 words that training has not ('green')" in said(source, "new words")[0]
    with pytest.raises(InputError, match="differ in columns: c"):
        open_table(written(tmp_path, "a,b,c,y\n1,2,3,4\n", "w.csv"), "y", like=training.files)


def test_a_folder_of_tables_is_one_table(tmp_path):
    for place in range(3):
        written(tmp_path, f"a,b\n{place},1\n", f"{place}.csv")
    written(tmp_path, "c\n1\n", "4.csv")
    source = open_source(tmp_path)
    np.testing.assert_array_equal(all_of(source)[0], [[0, 1], [1, 1], [2, 1]])
    assert "other columns" in said(source, "unreadable")[0]


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [("cheep", ConfigError, "did you mean 'cheap'"), (np.zeros(3), InputError, "name of a")],
)
def test_the_target_is_a_column(table, target, error, words):
    with pytest.raises(error, match=words):
        open_source(table[1], target)


def test_check_reads_a_table(table):
    made, path = table
    made.head(50).to_csv(path.parent / "v.csv", index=False)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    report = keras_recipe.check(
        model,
        path,
        "cheap",
        validation_data=path.parent / "v.csv",
        select=["KR101", "KR104", "KR111", "KR120"],
        verbose=0,
    )
    assert report["KR120"].status == "pass"
    assert "300 rows of training and 50 rows of validation" in report["KR120"].message
    assert report["KR104"].status in ("warn", "fail")  # the held-out rows are training rows
    assert report["KR111"].status == "pass"
    assert report["KR101"].status == "pass"
