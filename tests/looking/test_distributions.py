import numpy as np
from keras import layers
from specimens import cancer, compiled, diabetes

from keras_recipe.looking.browse import browse
from keras_recipe.reports.pictures import render

RANDOM = np.random.default_rng(0)


def charts(view):
    return {one["name"]: one for one in view.sheets[0]["features"]}


def test_values_outside_of_the_fences_are_counted_and_marked():
    x = RANDOM.standard_normal((500, 3))
    x[:4, 1] = -999
    x[9, 2] = np.nan
    made = browse(x, feature_names=["a", "b", "c"]).distributions()
    facts = made.facts["b"]
    low, high = np.percentile(x[:, 1], (25, 75))
    np.testing.assert_allclose(
        [facts["low"], facts["high"]], [2.5 * low - 1.5 * high, 2.5 * high - 1.5 * low]
    )
    assert facts["far_out"] == 4
    assert made.facts["c"]["gaps"] == 1
    found = charts(made)
    assert "(4 far)" in found["b"]["said"]
    assert found["b"]["marked"]
    assert found["b"]["view"][0] > -20  # they do not flatten the others
    assert "1 gap" in found["c"]["said"]
    assert not found["a"]["marked"]
    assert "Tukey" in made.sheets[0]["note"]


def test_codes_are_bars_and_have_no_fences():
    x = np.stack([RANDOM.integers(0, 3, 90), np.r_[np.zeros(70), np.arange(20)]], 1).astype(
        "float64"
    )
    found = charts(browse(x).distributions())
    one, two = found.values()
    assert (one["bars"], one["said"]) == (True, "3 values")
    assert sum(one["counts"]) == 90
    assert two["said"] == "half is 0"
    assert "fences" not in two


def test_numbers_that_stand_for_words_have_no_fences(tmp_path):
    words = [f"w{i:02}" for i in range(20)]
    lines = [f"{word},{i}" for i, word in enumerate(words + ["w10"] * 60)]
    (tmp_path / "t.csv").write_text("word,number\n" + "\n".join(lines), encoding="utf-8")
    made = browse(tmp_path / "t.csv")
    found = charts(made.distributions())
    assert (found["word"]["said"], found["word"]["ticks"][:2]) == ("20 words", ["w00", "w01"])
    assert made.distributions().facts["word"]["outside"] is None
    assert made.scores["outliers"].max() == 0


def test_every_column_has_a_chart_whatever_its_name():
    x = RANDOM.random((60, 3))
    made = browse(x, RANDOM.random(60), feature_names=["a", "a", "label"]).distributions()
    assert list(charts(made)) == ["a [0]", "a [1]", "label", "label (score)"]


def test_of_many_columns_the_most_suspicious_are_drawn_and_the_choice_is_said():
    x = RANDOM.uniform(size=(300, 40))
    x[:3, 33] = 500
    made = browse(x).distributions()
    assert len(made.sheets[0]["features"]) == 24
    assert "x[:, 33]" in charts(made)
    assert "the 24 of 40 columns" in made.note
    assert len(made.rows) == 40


def test_channels_of_series_and_statistics_of_pictures_and_text():
    steps = np.sin(np.linspace(0, 9, 90))[None, :, None] * RANDOM.random((20, 1, 3))
    assert list(charts(browse(steps).distributions())) == [f"x[..., {i}]" for i in range(3)]
    pictures = RANDOM.random((30, 8, 8, 3))
    assert "mean of a row" in charts(browse(pictures).distributions())
    assert list(charts(browse(np.array(["a", "bb"])).distributions())) == ["size of a row"]


def test_labels_and_what_the_model_says_come_last():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    names = list(charts(browse(x, y, model=model).distributions()))
    assert names[-3:] == ["label", "loss", "error"]


def test_some_rows_and_all_gaps():
    x, y = cancer()
    x = x.copy()
    x[:, 4] = np.nan
    made = browse(x, y).filter(label=0).distributions()
    assert made.note.startswith("212 of all 569 rows")
    assert made.facts["x[:, 4]"]["count"] == 0
    assert render(made.sheets[0]).startswith(b"\x89PNG")
