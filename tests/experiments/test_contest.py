"""Two trainings that differ in one thing."""

import numpy as np
import pytest
from keras import layers
from specimens import compiled, diabetes, subject

from keras_recipe.data.batch import Batch
from keras_recipe.experiments import contest as module
from keras_recipe.experiments.contest import Contest, Side, contest, split_rows, steps_for
from keras_recipe.surgery.preserve import preserve

INF = float("inf")


def made(before, after, planned=100, steps=(20, 40, 60, 80, 100)):
    return Contest(steps=steps, before=before, after=after, planned=planned)


def test_the_best_of_all_counts():
    race = made([[0.1, 0.3, 0.2, -INF, 0.1], [0.0] * 5], [0.2, 0.9, 0.5, 0.5, 0.5])
    assert race.reached == (0.3, 0.9)
    assert made([[-3.0] * 5], [-INF] * 5).reached == (0, 0)


@pytest.mark.parametrize(
    ("before", "after", "harmed"),
    [
        ([[0.0] * 5], [0.8] * 5, True),
        ([[0.4] * 5], [0.8] * 5, True),
        ([[0.41] * 5], [0.8] * 5, False),
        ([[0.0] * 5, [0.6] * 5], [0.8] * 5, False),  # luck in the second order
        ([[0.0] * 5], [0.29] * 5, False),  # nothing to gain
        ([[-INF] * 5], [0.8] * 5, True),
    ],
)
def test_harm_is_a_clear_win_of_the_change(before, after, harmed):
    assert made(before, after).harmed(least=0.3, ratio=0.5) is harmed


def test_what_is_still_rising_gets_the_rest_of_the_plan():
    rising, flat = [[0.0, 0.02, 0.04, 0.06, 0.08]], [[0.05] * 5]
    assert made(rising, [0.9] * 5).harmed(least=0.3, ratio=0.5)
    assert not made(rising, [0.9] * 5, planned=1000).harmed(least=0.3, ratio=0.5)
    assert made(rising, [0.9] * 5, planned=1000).expected == pytest.approx(0.08 + 0.9)
    assert made(flat, [0.9] * 5, planned=10_000).harmed(least=0.3, ratio=0.5)


def test_rows_are_split_without_overlap():
    sample = Batch(np.arange(90)[:, None], np.arange(90))
    rows, held = split_rows(sample, 0)
    assert (len(rows), len(held)) == (60, 30)
    assert sorted([*rows.y, *held.y]) == list(range(90))
    assert rows.y.tolist() != split_rows(sample, 1)[0].y.tolist()


def line(*stack):
    return compiled(*stack, layers.Dense(1), shape=(10,), loss="mse")


@pytest.mark.parametrize(
    ("epochs", "norm", "expected"),
    [
        (1, False, (200, 14)),
        (1, True, (600, 14)),
        (2, True, (28, 28)),
        (90, False, (1000, 1260)),
    ],
)
def test_the_plan_decides_how_long(epochs, norm, expected):
    model = line(*([layers.BatchNormalization()] if norm else []))
    made = subject(model, *diabetes(), epochs=epochs)
    assert steps_for(model, made.need("fit"), 1000) == expected


def test_every_row_comes_once_a_round():
    order = module._shuffled(7, 20, 0)
    assert len(order) == 20
    assert sorted(order[:7]) == sorted(order[7:14]) == list(range(7))


def run(model, x, y, better, seconds=60.0):
    rows = Batch(x, y)
    sides = [Side(rows=rows, score=lambda s=s: s) for s in (0.1, better)]
    return contest(
        model,
        *sides,
        steps=10,
        planned=10,
        batch_size=8,
        seed=0,
        least=0.3,
        ratio=0.5,
        seconds=seconds,
    )


@pytest.mark.parametrize(("better", "runs"), [(0.1, 1), (0.9, 2)])
def test_a_loser_gets_a_second_chance_and_the_model_is_put_back(better, runs):
    model = line()
    x, y = diabetes()
    weights = [np.array(w) for w in model.get_weights()]
    with preserve(model):
        race = run(model, x, y, better)
    assert len(race.before) == runs
    assert race.steps == [2, 4, 6, 8, 10]
    assert race.harmed(least=0.3, ratio=0.5) is (better == 0.9)
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_no_time_no_verdict():
    model = line()
    assert run(model, *diabetes(), 0.9, seconds=0.0) is None


def test_a_training_of_millions_of_outputs_is_not_begun(monkeypatch):
    monkeypatch.setattr(module, "advance", lambda *_: pytest.fail("it was trained"))
    monkeypatch.setattr(module, "LARGE", 4 * 8)  # a batch of eight numbers
    monkeypatch.setattr(module, "LATE", 0)
    assert run(line(), *diabetes(), 0.9) is None


def test_what_is_settled_is_not_compared():
    x, y = diabetes()
    made = subject(line(), x, ((y - y.mean()) / y.std()).astype("float32"))
    rows = Side(rows=made.sample, score=lambda: 0.2)
    plan = {"steps": 2, "planned": 2, "batch_size": 8, "seed": 0, "seconds": INF}
    never = Side(rows=made.sample, score=lambda: pytest.fail("it was compared"))
    model = made.need("model")
    race = contest(model, rows, never, least=0.3, ratio=0.2, settled=0.2, **plan)
    assert not race.compared
    assert race.reached == (0.2, 0.0)
    assert contest(model, rows, rows, least=0.3, ratio=0.2, settled=0.21, **plan).compared
