"""A survey tells what NumPy tells, by whatever engine."""

import io
import json
import sys

import keras
import numpy as np
import pytest
from rich.console import Console

from keras_recipe.core.errors import InputError, KerasRecipeError
from keras_recipe.data import sources
from keras_recipe.data.sources import open_source
from keras_recipe.data.survey import survey

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(3, 2, (9000, 5)).astype("float32")
X[:40] = X[100:140]
X[7, 2] = np.nan
Y = RANDOM.integers(0, 4, 9000)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(sources, "PART_ROWS", 2048)


class Broken(keras.utils.PyDataset):
    """Ends with an error after 5 batches."""

    def __len__(self):
        return 9

    def __getitem__(self, index):
        if index == 5:
            raise OSError("the disk is gone")
        return X[100 * index : 100 * index + 100], Y[100 * index : 100 * index + 100]


def printed(found):
    page = io.StringIO()
    Console(file=page, width=160).print(found)
    return page.getvalue()


@pytest.mark.usefixtures("small_parts")
def test_a_table():
    found = survey(open_source(X, Y))
    told = found.to_dict()
    assert (told["rows"], told["parts"], told["broken"]) == (9000, 5, "")
    assert [row["name"] for row in told["features"]] == [*(f"x[:, {j}]" for j in range(5)), "y"]
    for j, row in enumerate(told["features"][:5]):
        column = X[:, j].astype("float64")
        assert row["count"] == np.isfinite(column).sum()
        assert row["non_finite"] == np.isnan(column).sum()
        assert row["mean"] == pytest.approx(np.nanmean(column))
        assert row["std"] == pytest.approx(np.nanstd(column))
        assert (row["min"], row["max"]) == (np.nanmin(column), np.nanmax(column))
    assert told["labels"] == {"y": {str(k): int((k == Y).sum()) for k in range(4)}}
    assert told["duplicates"] == {
        "rows": 39,
        "share": 39 / 9000,
        "compared": 9000,
        "exact": True,
    }
    assert told["sample"] == {"rows": 1024, "seed": 0}
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    page = printed(found)
    assert "9,000 rows" in page
    assert "1,024 rows, seed 0" in page
    assert "39 rows repeat" in page


@pytest.mark.usefixtures("small_parts")
def test_quantiles_of_columns():
    pytest.importorskip("crick", reason="the extra keras-recipe[data] is not installed")
    found = survey(open_source(X, Y))
    for j, row in enumerate(found.features[:5]):
        assert row["quantiles"]["0.5"] == pytest.approx(np.nanmedian(X[:, j]), abs=0.05)
    assert "0.2 % of rank" in printed(found)


def test_without_crick_the_table_says_how_to_have_quantiles(monkeypatch):
    monkeypatch.setattr("keras_recipe.data.quantiles._crick", lambda: None)
    found = survey(open_source(X, Y))
    assert found.features[0]["quantiles"] == {}
    assert 'pip install "keras-recipe[data]"' in printed(found)


def test_pictures_words_weights_and_one_hot_labels():
    x = {"image": RANDOM.random((60, 4, 4, 3)), "words": np.array(["a"] * 60)}
    told = survey(open_source(x, np.eye(3)[np.arange(60) % 3], np.full(60, np.nan))).to_dict()
    names = [row["name"] for row in told["features"]]
    assert names == [
        "x['image']",
        "x['words']",
        *(f"y[:, {j}]" for j in range(3)),
        "sample_weight",
    ]
    assert told["features"][0]["count"] == 60 * 48
    assert told["features"][0]["mean"] == pytest.approx(x["image"].mean())
    assert told["features"][-1]["mean"] is None
    assert told["features"][-1]["non_finite"] == 60
    assert told["labels"] == {"y": {"0": 20, "1": 20, "2": 20}}


@pytest.mark.usefixtures("small_parts")
def test_labels_are_counted_over_all_parts():
    def labels(y):
        return survey(open_source(X, y)).to_dict()["labels"]

    late = np.where(np.arange(9000) < 8000, 0.0, 7.0)
    late[5] = np.nan  # no label
    assert labels(late) == {"y": {"0": 7999, "7": 1000}}
    assert labels(np.r_[np.zeros(8999), 0.5])["y"] == {"0": 8999, "0.5": 1}
    assert labels({"a": Y, "b": np.eye(4)[Y]}) == {
        name: {str(k): int((k == Y).sum()) for k in range(4)} for name in ("y['a']", "y['b']")
    }


def test_a_million_classes_are_told_in_a_line():
    found = survey(open_source(np.zeros((9000, 1)), np.arange(9000) * 111))
    assert found.to_dict()["labels"] == {"y": None}
    assert "more than 4096" in printed(found)


@pytest.mark.usefixtures("small_parts")
def test_the_seed_decides_the_sample():
    samples = [survey(open_source(X, Y), seed=seed).sample.x for seed in (0, 0, 1)]
    np.testing.assert_array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[0], samples[2])


def test_what_was_read_before_an_error_is_told():
    found = survey(open_source(Broken()))
    assert found.rows == 500
    assert "the disk is gone" in found.broken
    assert "reading ended after 500 rows" in printed(found)


def test_a_stream_is_read_in_one_go(monkeypatch):
    monkeypatch.setattr(Broken, "num_batches", None)
    with pytest.raises(InputError, match='only be read in one go; read it with engine="local"'):
        survey(open_source(Broken()), engine="dask")


def test_settings_that_cannot_be():
    source = open_source(X, Y)
    with pytest.raises(KerasRecipeError, match="did you mean 'dask'"):
        survey(source, engine="desk")
    with pytest.raises(InputError, match='belong to engine="dask"'):
        survey(source, workers=2)
    pytest.importorskip("distributed", reason="the extra keras-recipe[dask] is not installed")
    with pytest.raises(InputError, match="not both"):
        survey(source, engine="dask", scheduler="tcp://127.0.0.1:9", workers=2)


def test_without_dask_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(InputError, match=r'pip install "keras-recipe\[dask\]"'):
        survey(open_source(X, Y), engine="dask")


def test_no_scheduler_answers(monkeypatch):
    pytest.importorskip("distributed", reason="the extra keras-recipe[dask] is not installed")
    monkeypatch.setattr("keras_recipe.data.engines.SECONDS", 0.2)
    with pytest.raises(InputError, match="No dask scheduler answers at 'tcp:"):
        survey(open_source(X, Y), engine="dask", scheduler="tcp://127.0.0.1:9")


@pytest.mark.usefixtures("small_parts")
def test_on_a_dask_cluster_the_survey_is_the_same():
    pytest.importorskip("distributed", reason="the extra keras-recipe[dask] is not installed")
    source = open_source(X, Y)
    alone, spread = survey(source), survey(source, engine="dask", workers=2)
    assert alone.to_dict() == spread.to_dict()
    np.testing.assert_array_equal(alone.sample.x, spread.sample.x)
