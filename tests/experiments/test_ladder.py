import json
import math

import keras
import numpy as np
import pytest
from climbing import FASTER, LONGER, NOTHING, WIDE, build, ladder, rows, timeless
from one_backend import ONE_BACKEND

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.ladder import START, Move, Rung, judged
from keras_recipe.experiments.trial_record import TrialRecord


def made_rung(*scores, move=NOTHING, status="done"):
    records = tuple(
        TrialRecord(
            key=f"{move.name}, seed {seed}",
            moves=(move.name,),
            seed=seed,
            score=score,
            status="failed" if score is None else status,
            message="it broke" if score is None else "",
        )
        for seed, score in enumerate(scores)
    )
    return Rung(move=move, records=records, kept=True)


def test_it_keeps_what_helps_and_builds_on_it(tmp_path):
    said = []
    found = ladder(journal=tmp_path / "j", progress=said.append).climb(
        [NOTHING, FASTER, LONGER]
    )
    assert [rung.kept for rung in found.rungs] == [True, False, True, True]
    assert [move.name for move in found.best] == ["faster", "longer"]
    assert found.rungs[1].gain == 0.0
    assert found.rungs[2].interval[0] > 0
    assert found.rungs[3].records[0].moves == ("faster", "longer")
    assert found.rung is found.rungs[3]
    assert len((tmp_path / "j").read_text().splitlines()) == 13
    assert said[0] == "rung 0 of 3: start (seed 0, 1, 2)"
    assert said[-1] == "rung 3 of 3: longer (seed 1, 2)"
    assert json.loads(json.dumps(found.to_dict()))["best"] == ["faster", "longer"]
    # the winner is the model behind the first record
    given = rows(96, 224)
    loss = found.model.evaluate(given.x, given.y, verbose=0)[0]
    assert loss == pytest.approx(found.rung.records[0].score, rel=1e-4)


def test_what_is_hopeless_after_one_seed_is_given_up():
    def lost(model):
        model.optimizer.learning_rate = 100.0
        return model

    move = Move(name="lost", text="a rate far too high", change=lost)
    found = ladder(lambda: build(rate=2e-2), steps=60, monitor="loss").climb([move])
    assert len(found.rungs[1].records) == 1
    assert not found.rungs[1].kept
    assert "far worse than the seeds differ; the others were not run" in found.rungs[1].reason
    assert found.best == ()


def test_a_move_that_fails_costs_one_training_and_nothing_else():
    found = ladder().climb([Move(name="broken", text="", change=lambda m: m.gone), FASTER])
    assert "seed 0 failed" in found.rungs[1].reason
    assert len(found.rungs[1].records) == 1
    assert [move.name for move in found.best] == ["faster"]


def test_at_the_goal_it_stops():
    found = ladder(goal=100.0).climb([FASTER])
    assert len(found.rungs) == 1
    assert found.best == ()


@ONE_BACKEND
def test_a_ladder_goes_on_from_its_journal_and_repeats_nothing(tmp_path):
    path, moves, built = tmp_path / "j", [FASTER, WIDE], []

    def counted():
        built.append(1)
        return build()

    whole = ladder(counted, journal=path).climb(moves)
    lines = path.read_text().splitlines(keepends=True)
    expected = timeless(path)
    for kept in (5, len(lines)):
        path.write_text("".join(lines[:kept]) + "{torn")
        built.clear()
        again = ladder(counted, journal=path).climb(moves)
        assert len(built) == 1 + len(lines) - kept  # one to know the program by
        assert timeless(path) == expected
        assert again.best == whole.best
        assert again.rungs[-1].reason == whole.rungs[-1].reason


@pytest.mark.parametrize(
    ("settings", "moves", "named"),
    [
        ({"steps": 21}, [FASTER], "steps"),
        ({"seeds": (0, 1, 3)}, [FASTER], "seeds"),
        ({"monitor": "loss"}, [FASTER], "monitor"),
        ({}, [WIDE], "moves"),
        ({"made": lambda: build(units=17)}, [FASTER], "model"),
    ],
)
def test_the_journal_of_another_ladder_is_refused(tmp_path, settings, moves, named):
    path = tmp_path / "j"
    path.write_text(json.dumps({"ladder": _header([FASTER])}) + "\n")
    with pytest.raises(InputError, match=rf"another run \({named} differ\)"):
        ladder(**settings, journal=path).climb(moves)


def _header(moves):
    return dict(ladder().header(moves))


def test_other_rows_are_another_ladder():
    one, two = ladder(), ladder()
    two._train.x[0, 0] += 1
    assert one.header([])["data"] != two.header([])["data"]


def test_the_global_generators_and_the_data_stay_what_they_were():
    given = ladder()
    before, state = given._train.x.copy(), np.random.get_state()[1].copy()
    given.climb([NOTHING])
    np.testing.assert_array_equal(given._train.x, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_the_interval_decides():
    assert judged(NOTHING, made_rung(1.0, 1.1, 0.9), made_rung(0.5, 0.56, 0.44).records).kept
    noise = judged(NOTHING, made_rung(1.0, 1.1, 0.9), made_rung(0.9, 1.2, 0.8).records)
    assert not noise.kept
    assert noise.reason.endswith("within the noise")
    worse = judged(NOTHING, made_rung(1.0, 1.1, 0.9), made_rung(2.0, 2.1, 1.9).records)
    assert worse.reason.endswith("it harms")


def test_where_the_program_as_it_is_fails_training_at_all_is_a_gain():
    broken = made_rung(None, None, None)
    rung = judged(NOTHING, broken, made_rung(1.0, 1.1, 0.9).records)
    assert rung.kept
    assert math.isnan(rung.gain)
    assert not judged(NOTHING, broken, made_rung(1.0, None, 0.9).records).kept
    half = judged(NOTHING, made_rung(1.0, None, None), made_rung(0.5, 1.1, 0.9).records)
    assert not half.kept
    assert "too few seeds" in half.reason


def test_a_failed_seed_is_no_gain_and_the_clock_is_named():
    assert not judged(NOTHING, made_rung(1.0, 1.1, 0.9), made_rung(0.1, 0.1, None).records).kept
    stopped = made_rung(0.5, 0.56, 0.44, status="stopped").records
    assert "the clock ended" in judged(NOTHING, made_rung(1.0, 1.1, 0.9), stopped).reason


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"monitor": "accuracy"}, "`monitor` must be one of"),
        ({"seeds": (0,)}, "one training does not show the noise"),
        ({"seeds": (0, 0, 1)}, "two different whole numbers"),
        ({"seeds": (-1, 0)}, "from 0 to"),
        ({"seeds": 3}, "two different whole numbers"),
        ({"steps": None}, "needs `steps` or `seconds`"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"seconds": -1}, "`seconds` must be a positive number"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"parallel": 0}, "number of processes"),
        ({"log_dir": "logs"}, "go together"),
        ({"made": None}, "must be a function"),
    ],
)
def test_what_cannot_be_used_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        ladder(**settings)


def test_rows_that_are_none_are_refused():
    from keras_recipe.experiments.ladder import Ladder

    x, y, _ = rows().parts()
    for train, held, message in [
        (x, (x, y), "must be a Batch"),
        ((x, y[:5]), (x, y), "equally many"),
        ((x[:0], y[:0]), (x, y), "must have rows"),
        ((x, y), None, "needs `validation`"),
    ]:
        with pytest.raises(InputError, match=message):
            Ladder(build, train, held, steps=3)


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        ([FASTER, FASTER], "Twice there"),
        ([START], "other than 'start'"),
        ([3], "must be Moves"),
    ],
)
def test_moves_that_cannot_be_told_apart_are_refused(moves, message, tmp_path):
    with pytest.raises(InputError, match=message):
        ladder(journal=tmp_path / "j").climb(moves)
    assert not (tmp_path / "j").exists()


def test_a_program_that_cannot_be_trained_leaves_no_trial(tmp_path):
    def misfit():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    with pytest.raises(InputError, match="as it is cannot be trained"):
        ladder(misfit, journal=tmp_path / "j").climb([])
    assert len((tmp_path / "j").read_text().splitlines()) == 1


@pytest.mark.skipif(
    keras.config.backend() != "torch", reason="statistics of scores, whoever computed them"
)
def test_in_a_few_ladders_only_what_helps_is_kept():
    """A small form of a calibration that kept 0 of 60 empty and 38 of 40 real moves."""

    def redrawn(model):
        keras.random.uniform((3,))
        np.random.rand()
        return build(units=model.layers[0].units + 1)  # other weights, the same program

    kept = {"redrawn": 0, "faster": 0}
    for turn in range(3):
        moves = [Move(name="redrawn", text="", change=redrawn), FASTER]
        found = ladder(seeds=(3 * turn, 3 * turn + 1, 3 * turn + 2)).climb(moves)
        for move in found.best:
            kept[move.name] += 1
    assert kept["redrawn"] <= 1
    assert kept["faster"] >= 2
