import json

import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.data.human import Answers, find, fingerprint, new_answers

ROWS = Batch(np.arange(40.0).reshape(20, 2), np.arange(20) % 2)


def answers(count=5, said=()):
    made = new_answers("training", ROWS, np.asarray(ROWS.y), ["no", "yes"], count, seed=0)
    made.said, made.seconds = list(said), [1.0] * len(said)
    return made


def told(made, *labels):
    """The truth with these places of each round answered wrong."""
    said = [made.truth[place] for place in made.order]
    for at in labels:
        said[at] = 1 - said[at]
    made.said, made.seconds = said, [1.0] * len(said)
    return made


def test_every_row_is_asked_twice_in_two_orders():
    made = answers(8)
    half = len(made.rows)
    assert sorted(made.order[:half]) == sorted(made.order[half:]) == list(range(half))
    assert made.order[:half] != made.order[half:]


def test_accuracy_and_agreement():
    made = told(answers(5))
    assert made.accuracies() == [1.0, 1.0]
    assert made.kappa() == 1.0
    assert made.done
    made = told(answers(5), 0)
    assert made.accuracies() == [0.8, 1.0]
    assert made.kappa() < 1


def test_half_a_session_is_scored_as_far_as_it_went():
    made = answers(5, said=[0])
    assert len(made.accuracies()) == 1
    assert np.isnan(made.kappa())
    assert not made.done


def test_what_is_saved_is_read_back(tmp_path):
    made = told(answers(5))
    path = tmp_path / "runs" / f"{made.data}.json"
    made.save(path)
    assert Answers.load(path) == made
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_answers_are_found_by_their_data_alone(tmp_path):
    made = told(answers(5))
    made.save(tmp_path / f"{made.data}.json")
    other = Batch(np.asarray(ROWS.x) + 1, ROWS.y)
    assert find(tmp_path, {"training": ROWS}).said == made.said
    assert find(tmp_path / f"{made.data}.json", {"training": ROWS}).said == made.said
    assert find(tmp_path, {"training": other}).said == []
    assert find(tmp_path / "missing", {"training": ROWS}).said == []
    assert fingerprint(ROWS) != fingerprint(other)


@pytest.mark.parametrize("text", ["{", "[]", '{"data": 1}'])
def test_a_file_of_something_else_is_refused(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not a file of"):
        Answers.load(path)


def test_a_file_that_contradicts_itself_is_refused(tmp_path):
    path = tmp_path / "a.json"
    told(answers(5)).save(path)
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "order": [99, *data["order"][1:]]}))
    with pytest.raises(InputError, match="contradicts"):
        Answers.load(path)
