"""The loss that has to be met: the noise floor, or a person's."""

import math

import pytest
from keras import layers as L
from specimens import compiled, digits, subject

from keras_recipe.data.human import Answers
from keras_recipe.experiments.meeting import Goal, goal_of


def found(
    answers=None, share=0.99, loss="sparse_categorical_crossentropy", activation="softmax"
):
    x, y = digits()
    model = compiled(L.Dense(10, activation=activation), loss=loss)
    given = subject(model, x[:300], y[:300])
    return goal_of(model, given.task, given.sample, answers or Answers(), share=share)


def answers(right, count=20):
    """Everything labelled twice, with as many right answers."""
    said = [1] * right + [0] * (count - right)
    return Answers(
        data="", split="training", classes=list("ab"), rows=list(range(count)),
        truth=[1] * count, order=[*range(count), *range(count)], said=[*said, *said],
        seconds=[1.0] * 2 * count,
    )  # fmt: skip


def test_the_goal_lies_between_the_best_constant_and_the_floor():
    goal = found()
    assert goal.constant == pytest.approx(math.log(10), rel=0.01)
    assert goal.floor == pytest.approx(0, abs=1e-6)
    assert goal.loss == pytest.approx(0.01 * goal.constant, rel=0.01)
    assert goal.explained(goal.loss) == pytest.approx(0.99)
    assert "noise floor" in goal.text


def test_a_person_who_errs_is_easier_to_meet():
    goal = found(answers(18))
    assert goal.person == pytest.approx(0.9)
    expected = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1 / 9))
    assert goal.loss == goal.person_loss == pytest.approx(expected)
    assert "90.0%" in goal.text


def test_a_person_who_never_errs_leaves_the_floor():
    goal = found(answers(20))
    assert goal.person_loss == 0
    assert goal.loss == found().loss


def test_a_person_who_guesses_is_no_goal():
    assert found(answers(2)).loss == found().loss


def test_a_squared_error_is_not_compared_with_answers():
    goal = found(answers(18), loss="mse", activation=None)
    assert math.isnan(goal.person_loss)


def test_without_floor_and_person_nothing_is_met():
    goal = Goal(share=0.99)
    assert goal.loss == -math.inf
    assert goal.text.startswith("no goal")
    assert goal.to_dict()["floor"] == "nan"
