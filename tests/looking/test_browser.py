import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.looking.browse import browse

X = np.array([[3.0, 1], [0, 0], [9, 9], [5, 5], [np.nan, 1], [0, 0]])
Y = np.array([0, 1, 2, 1, 0, 1])


@pytest.fixture
def browser():
    return browse(X, Y, class_names=["cat", "dog", "owl"])


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"label": 1}, [1, 3, 5]),
        ({"label": "dog"}, [1, 3, 5]),
        ({"label": ["dog", 2]}, [1, 2, 3, 5]),
        ({"where": "mean > 1 and label != 2"}, [0, 3]),
        ({"where": lambda scores: scores["duplicate"] >= 0}, [1, 5]),
        ({"where": "gaps == 0", "label": 0}, [0]),
        ({"label": 7}, []),
    ],
)
def test_filter(browser, asked, rows):
    found = browser.filter(**asked)
    assert found.rows.tolist() == rows
    assert len(found) == len(rows)
    assert browser.rows.tolist() == list(range(6))  # as it was


def test_steps_follow_on_each_other(browser):
    found = browser.filter(label=[0, 1]).sort("mean", descending=True).head(3)
    assert found.rows.tolist() == [3, 0, 4]
    assert repr(found).startswith("3 rows, label 0 or 1, by mean (5 to 0), the first 3")
    np.testing.assert_array_equal(found.scores["row"], found.rows)


def test_rows_without_a_score_come_last_either_way():
    found = browse(np.arange(8.0).reshape(4, 2), np.array([0.5, np.nan, 0.1, 0.9]))
    assert found.sort("label").rows.tolist() == [2, 0, 3, 1]
    assert found.sort("label", descending=True).rows.tolist() == [3, 0, 2, 1]


def test_the_first_of_each_class_in_the_order_there_is(browser):
    found = browser.sort("mean", descending=True).per_class(1)
    assert sorted(found.rows.tolist()) == [0, 2, 3]
    titles = [sheet["title"] for sheet in found.shown.sheets]
    assert titles == ["label cat: 1 of 2", "label dog: 1 of 3", "label owl: 1 of 1"]


def test_search():
    found = browse(np.array(["A good film", "a bad one", "Good"]))
    assert found.search("good").rows.tolist() == [0, 2]
    tokens = browse(np.array([[1, 2], [2, 2]]), decoder=["", "good", "film"])
    assert tokens.search("GOOD").rows.tolist() == [0]
    assert "good film" in repr(tokens)
    with pytest.raises(InputError, match="drawn as 'row'"):
        browse(X).search("good")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda b: b.sort("loss"), "no score 'loss' here; the scores are row, label, size"),
        (lambda b: b.filter(prediction=1), "no score 'prediction'"),
        (
            lambda b: b.filter(label="cow"),
            "no label 'cow'; the classes are 'cat', 'dog', 'owl'",
        ),
        (lambda b: b.filter(where="mean"), "one truth value for each of the 6 rows"),
        (lambda b: b.filter(where=lambda s: s["mean"][:2] > 1), "Received: bool of shape"),
        (lambda b: b.filter(where=lambda s: s["nothing"]), "raised KeyError: 'nothing'"),
        (lambda b: b.filter(where=3), "expression or a function"),
        (lambda b: b.head(0), "whole number of at least 1"),
        (lambda b: b.per_class(True), "whole number of at least 1"),
        (lambda b: browse(X).per_class(2), "there are no labels"),
        (lambda b: browse(X, Y + 0.5).per_class(2), "labels are no classes"),
        (lambda b: b.filter(label=7).picture(), "nothing to draw"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(browser, ask, said):
    with pytest.raises(InputError, match=said):
        ask(browser)


def test_nothing_left_can_still_be_shown(browser):
    found = browser.filter(label=7)
    assert "0 rows, label 7" in repr(found)
    assert "0 rows" in found._repr_html_()
    assert found.sort("mean").rows.tolist() == []
