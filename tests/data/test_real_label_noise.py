"""KR103's and KR107's estimates beside shares of wrong labels: people's, and planted ones."""

import ast

import numpy as np
import pytest
import real
import specimens
from keras import layers

from keras_recipe.checks.data.kr107_label_noise import label_noise
from keras_recipe.core.result import Status
from keras_recipe.without_model import look

RATINGS = "vaderSentiment/movieReviewSnippets_anonDataRatings.txt"
SNIPPETS = "vaderSentiment/movieReviewSnippets_GroundTruth.txt"


@pytest.fixture(scope="module")
def snippets():
    """Film snippets, the signs two people gave each, and that of the mean."""
    lines = [
        [line.split("\t") for line in real.path(name).read_text("utf-8").splitlines()]
        for name in (RATINGS, SNIPPETS)
    ]
    assert [row[0] for row in lines[0]] == [row[0] for row in lines[1]]
    people = [ast.literal_eval(row[3]) for row in lines[0]]
    random = np.random.default_rng(0)
    given = np.array([random.choice(r, 2, replace=False) > 0 for r in people], "int32")
    truth = np.array([np.mean(ratings) > 0 for ratings in people], "int32")
    return np.array([row[2] for row in lines[1]]), given.T, truth


def judged(x, y, classes):
    head = layers.Dense(classes, activation="softmax")
    return specimens.examine(label_noise, specimens.compiled(head, shape=x.shape[1:]), x, y)


def test_raters_err_and_what_a_model_does_not_know_is_not_counted(snippets):
    words, (given, _), truth = snippets
    wrong = float((given != truth).mean())
    assert 0.06 < wrong < 0.09  # of 10,605 snippets, 15 to 30 people each
    result = look(words, given, select=["KR101", "KR102", "KR107"])["KR107"]
    assert result.status is Status.PASS
    assert result.evidence["looked_at"] == len(words)
    assert result.evidence["confident_learning"] > 2 * wrong  # it counts the hard ones, too
    assert "estimate" not in result.evidence
    assert "at_most" not in result.evidence
    assert "cannot be told" in result.message
    suspects = result.evidence["suspects"]
    assert (given[suspects] != truth[suspects]).mean() > 2 * wrong


def test_two_people_a_snippet_tell_how_many_labels_are_wrong(snippets):
    words, given, truth = snippets
    both, labels = np.concatenate([words, words]), np.concatenate(given)
    wrong = float((labels != np.concatenate([truth, truth])).mean())
    found = look(both, labels, select=["KR103"])["KR103"]
    assert 1 / 1.5 < found.evidence["wrong_labels"] / wrong < 1.5
    low, high = found.evidence["wrong_between"]
    assert low < wrong < high
    assert f"{low:.1%} to {high:.1%} of them are not" in found.message


@pytest.mark.parametrize("seed", [0, 1])
def test_as_many_wrong_labels_where_inputs_tell_the_class(seed):
    x, y = specimens.digits()
    random = np.random.default_rng(seed)
    wrong = random.random(len(y)) < 0.075
    given = ((y + wrong * random.integers(1, 10, len(y))) % 10).astype("int32")
    estimate = judged(x, given, 10).evidence["estimate"]
    assert 1 / 1.5 < estimate / wrong.mean() < 1.5
