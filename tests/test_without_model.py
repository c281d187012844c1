"""Data alone: the checks that need no model, the survey, and `keras-recipe data`."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
from clusters import local_cluster
from PIL import Image
from sklearn import datasets
from typer.testing import CliRunner

from keras_recipe import cli
from keras_recipe.core.errors import ConfigError, InputError
from keras_recipe.core.report import Report
from keras_recipe.data import class_folders
from keras_recipe.without_model import look

pytestmark = pytest.mark.usefixtures("_environment")


@pytest.fixture
def _environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", keras.config.backend())


@pytest.fixture
def flowers(tmp_path):
    """Iris as a table with names for classes."""
    data = datasets.load_iris(as_frame=True)
    table = data.data.assign(kind=np.array(["setosa", "versicolor", "virginica"])[data.target])
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "iris.csv", index=False)
    return tmp_path / "iris.csv"


@pytest.fixture
def digits(tmp_path):
    """Some digits as a folder of class folders."""
    data = datasets.load_digits()
    for number in range(120):
        folder = tmp_path / "digits" / str(data.target[number] % 3)
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray((data.images[number] * 15).astype("uint8"))
        image.convert("RGB").save(folder / f"{number}.png")
    return tmp_path / "digits"


def run(*words):
    return CliRunner().invoke(cli.app, ["data", *map(str, words)])


def test_a_table_is_examined_without_a_model(flowers):
    before = np.random.get_state()[1].copy()
    report = look(flowers, "kind", seed=1)
    np.testing.assert_array_equal(before, np.random.get_state()[1])
    assert report.facts["task"].startswith("multiclass")
    assert report["KR118"].status == "pass"
    assert report["KR106"].status == "pass"
    assert report["KR120"].status == "pass"
    assert report["KR109"].status == "skip"
    assert "depends on the model" in report["KR109"].message
    assert not [r for r in report.results if r.status == "error"]
    names = [row["name"] for row in report.survey["features"]]
    assert names[:2] == ["sepal length (cm)", "sepal width (cm)"]
    assert report.survey["labels"]["y"] == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert Report.from_json(report.to_json()).counts == report.counts


def test_numbers_are_amounts_and_two_values_are_binary(tmp_path):
    data = datasets.load_diabetes(as_frame=True)
    data.frame.to_csv(tmp_path / "d.csv", index=False)
    assert look(tmp_path / "d.csv", "target").facts["task"].startswith("regression")
    data.frame.assign(target=(data.target > 140).astype(int)).to_csv(
        tmp_path / "d.csv", index=False
    )
    assert look(tmp_path / "d.csv", "target").facts["task"].startswith("binary")


def test_gaps_are_filled_for_the_other_checks_and_columns_have_their_names(flowers):
    table = pd.read_csv(flowers)
    table["told"] = table["kind"].map({"setosa": 1.0, "versicolor": 5.0, "virginica": 9.0})
    table.loc[::9, "sepal length (cm)"] = np.nan
    table.to_csv(flowers, index=False)
    report = look(flowers, "kind", validation_data=flowers)
    assert report["KR101"].status == "warn"
    assert "a model that does not fill or mask them" in report["KR101"].message
    assert "told is the label itself" in report["KR114"].message
    assert report["KR112"].status != "skip"
    table.loc[3, "kind"] = None  # what no model can mend
    table.to_csv(flowers, index=False)
    report = look(flowers, "kind")
    assert report["KR101"].status == "fail"
    assert report["KR118"].status == "skip"


def test_without_a_target_the_rows_are_looked_at(flowers):
    report = look(flowers)
    assert report["KR103"].status in ("pass", "warn")
    assert "y" not in report.survey["labels"]
    assert not [r for r in report.results if r.status in ("error", "fail")]


def test_a_folder_is_examined(digits, monkeypatch):
    monkeypatch.setattr(class_folders, "PART", 1)  # so that a part has no rows at all
    (digits / "1" / "broken.png").write_bytes(b"")
    report = look(digits, budget=600)
    assert report["KR120"].status == "fail"
    assert report.survey["labels"]["y"]["0"] == 49
    assert not [r for r in report.results if r.status == "error"]


def test_held_out_files_are_compared(flowers):
    table = pd.read_csv(flowers)
    table.head(100).to_csv("train.csv", index=False)
    table.tail(70).to_csv("held.csv", index=False)
    report = look("train.csv", "kind", validation_data="held.csv", select="KR104")
    assert report["KR104"].status in ("warn", "fail")


def test_texts_are_counted(tmp_path):
    for name in ("good", "bad"):
        (tmp_path / "t" / name).mkdir(parents=True)
        for number in range(9):
            (tmp_path / "t" / name / f"{number}.txt").write_text(f"{name} " * number)
    report = look(tmp_path / "t")
    assert report["KR103"].status in ("warn", "fail", "pass")
    assert not [r for r in report.results if r.status == "error"]


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"select": "KR9"}, ConfigError),
        ({"engine": "x"}, ConfigError),
        ({"budget": 0}, InputError),
    ],
)
def test_misuse_is_refused(flowers, settings, error):
    with pytest.raises(error):
        look(flowers, "kind", **settings)


def test_the_command_prints_the_survey_and_the_report(flowers):
    result = run(flowers, "--target", "kind", "--select", "KR103,KR120")
    assert result.exit_code == 0, result.output
    assert "150 rows" in result.stdout
    assert "KR120" in result.stdout


def test_the_command_writes_json(flowers, tmp_path):
    result = run(flowers, "--target", "kind", "--select", "KR120", "--format", "json")
    assert json.loads(result.stdout)["survey"]["rows"] == 150
    result = run(flowers, "--select", "KR120", "--output", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "r.json").read_text())["results"][0]["code"] == "KR120"


def test_the_command_leaves_with_one_when_a_check_fails(digits):
    (digits / "1" / "broken.png").write_bytes(b"")
    assert run(digits, "--select", "KR120").exit_code == 1


@pytest.mark.parametrize("words", [["gone/"], ["t.txt"], ["a.csv", "--engine", "spark"]])
def test_the_command_says_in_one_sentence_what_is_wrong(words, tmp_path):
    (tmp_path / "t.txt").write_text("x")
    (tmp_path / "a.csv").write_text("a\n1\n")
    result = run(*words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("keras-recipe: ")


def test_a_factory_is_checked_with_its_model(tmp_path):
    (tmp_path / "own.py").write_text(
        "import keras, numpy as np\n"
        "def made():\n"
        "    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "    model.compile('sgd', 'mse')\n"
        "    x = np.random.default_rng(0).random((64, 3), 'float32')\n"
        "    return model, x, x.sum(1)\n"
    )
    result = run("own.py:made", "--select", "KR101,KR103", "--format", "json")
    found = json.loads(result.stdout)
    assert [row["code"] for row in found["results"]] == ["KR101", "KR103"]
    assert found["survey"]["rows"] == 64
    assert "64 rows" in run("own.py:made", "--select", "KR101").stdout


LOADED = """
import keras, numpy as np
class Rows(keras.utils.PyDataset):
    num_batches = {count}
    def __len__(self):
        return 6
    def __getitem__(self, index):
        x = np.random.default_rng(index).random((16, 3), "float32")
        return x, x.sum(1)
def made():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {{"model": model, "x": Rows()}}
"""


def test_a_factorys_dataset_is_counted_by_a_cluster(tmp_path):
    for name, count in (("split_up", 6), ("endless", None)):
        (tmp_path / f"{name}.py").write_text(LOADED.format(count=count))
    words = ("--select", "KR101", "--format", "json")
    here = run("split_up.py:made", *words)
    with local_cluster() as address:
        there = ("--engine", "dask", "--scheduler", address)
        spread = run("split_up.py:made", *words, *there)
        whole = run("endless.py:made", *words, *there)
    assert spread.exit_code == 0, spread.output
    assert json.loads(spread.stdout)["survey"] == json.loads(here.stdout)["survey"]
    assert json.loads(here.stdout)["survey"]["rows"] == 96
    assert whole.exit_code == 2
    assert "only be read in one go" in whole.stderr.splitlines()[-1]
