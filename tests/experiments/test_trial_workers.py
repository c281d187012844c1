"""Trials in other processes are the trials of this one."""

import os
import pickle
import random
import threading

import joblib
import keras
import numpy as np
import pytest
from climbing import FASTER, SLOWER, build, climb, ladder, rows, timeless
from one_backend import ONE_BACKEND

from keras_recipe.core.errors import InputError
from keras_recipe.experiments import trial_child
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_run import Budget, Trial
from keras_recipe.experiments.trial_workers import _packed, run_all


def trials(count=3, **fields):
    settings = {"build": build, "train": rows(), "monitor": "loss", "budget": Budget(steps=5)}
    return [Trial(**{**settings, **fields}, seed=seed) for seed in range(count)]


@pytest.fixture(scope="module")
def two():
    """Two processes of loky, gone afterwards."""
    yield 2
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


@ONE_BACKEND
def test_parallel_and_serial_journals_are_equal(two, tmp_path):
    state = np.random.get_state()[1].copy()
    winners = []
    for name, parallel in (("serial", None), ("parallel", two)):
        found = ladder(journal=tmp_path / name, parallel=parallel).climb([FASTER, SLOWER])
        winners.append([rung.reason for rung in found.rungs])
    assert timeless(tmp_path / "serial") == timeless(tmp_path / "parallel")
    assert winners[0] == winners[1]
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_the_children_share_backend_precision_and_structure(two):
    def told(model):
        assert keras.config.backend() == backend
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert os.getpid() != parent
        return model

    backend, parent = keras.config.backend(), os.getpid()
    move = Move(name="told", text="", change=told)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = list(run_all(trials(2, moves=(move,)), two))
    finally:
        keras.config.set_dtype_policy(policy)
    assert [(record.status, record.message) for record in found] == [("done", "")] * 2
    assert [record.seed for record in found] == [0, 1]


def test_a_loss_arrives_with_all_its_settings():
    model = build()
    model.compile("sgd", keras.losses.Huber(delta=0.01))
    before = trials(1, build=model, train=rows())[0]
    sent, arrays = _packed(before)
    after = pickle.loads(sent)(arrays)
    y, p = np.zeros((2, 3), "float32"), np.full((2, 3), 9, "float32")
    assert float(after.build().loss(y, p)) == pytest.approx(float(model.loss(y, p)))
    np.testing.assert_array_equal(after.train.x, before.train.x)
    assert after.validation is None


def test_what_cannot_be_sent_is_refused_in_one_sentence(two):
    lock = threading.Lock()
    moves = (Move(name="a", text="", change=lambda model: lock and model),)
    with pytest.raises(InputError, match="cannot be sent to another process"):
        list(run_all(trials(moves=moves), two))


def test_threads_are_refused():
    threads = joblib.parallel_config(backend="threading", n_jobs=2)
    with threads, pytest.raises(InputError, match="processes of their own"):
        list(run_all(trials(2)))


def test_other_threads_draw_and_change_nothing():
    trial, done = trials(1)[0], threading.Event()
    alone = trial.run().to_dict()

    def draws():
        while not done.is_set():
            random.random()

    other = threading.Thread(target=draws)
    other.start()
    settings = {
        "backend": keras.config.backend(),
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "image_data_format": keras.config.image_data_format(),
        "dtype_policy": keras.config.dtype_policy(),
    }
    before = random.random
    try:
        sent, arrays = _packed(trial)
        beside = trial_child.run(sent, arrays, settings, ("another", 0))
    finally:
        done.set()
        other.join()
    assert random.random == before
    assert {**beside, "seconds": 0} == {**alone, "seconds": 0}


def test_another_backend_is_refused():
    settings = {"backend": "another"}
    with pytest.raises(InputError, match="set KERAS_BACKEND where the workers start"):
        trial_child.run(b"", [], settings, ("elsewhere", 1))


@ONE_BACKEND
def test_on_a_dask_cluster_the_ladder_is_the_same(tmp_path):
    distributed = pytest.importorskip(
        "distributed", reason="the extra keras-recipe[dask] is not installed"
    )
    climb(tmp_path / "serial", tmp_path / "winner", [FASTER])
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        climb(tmp_path / "dask", tmp_path / "winner-dask", [FASTER])
    assert timeless(tmp_path / "serial") == timeless(tmp_path / "dask")
    assert (tmp_path / "winner").read_text() == (tmp_path / "winner-dask").read_text()
