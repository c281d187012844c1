"""Leave it training: what it buys, and that a kill loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from specimens import classifier, digits, subject

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.longer import leave_training
from keras_recipe.experiments.held_out import HeldOut

X, Y = digits()
TRAIN, VALIDATION = Batch(X[:320], Y[:320]), Batch(X[320:720], Y[320:720])


def held(model):
    return HeldOut(model=model, rows=VALIDATION, task=subject(model, X[:64], Y[:64]).task)


def begun(tmp_path, epochs=1):
    """A model that was trained for a moment, and its file."""
    model = classifier(metrics=["accuracy"])
    model.fit(TRAIN.x, TRAIN.y, epochs=epochs, verbose=0)
    model.save(tmp_path / "begun.keras")
    return tmp_path / "begun.keras"


def longer(path, folder, **settings):
    model = keras.saving.load_model(path)
    made = {"folder": folder, "seconds": 60.0, "epochs": 3} | settings
    return leave_training(path, TRAIN, held(model), **made)


def test_the_extra_time_buys_something_and_says_what(tmp_path):
    path = begun(tmp_path)
    found, model = longer(path, tmp_path / "on")
    assert found.gain.helps
    assert found.gain.after == pytest.approx(min(found.curve), rel=1e-5)
    assert found.gain.accuracy[1] > found.gain.accuracy[0]
    assert found.steps == 150
    assert len(found.curve) == 4
    assert "gain" in found.gain.text
    assert model.evaluate(*VALIDATION.parts()[:2], verbose=0, return_dict=True)["loss"] < (
        found.gain.before
    )
    assert (
        int(keras.saving.load_model(path).optimizer.iterations) == 10
    )  # the file is as it was


def test_the_optimizer_goes_on_where_it_was(tmp_path):
    _, model = longer(begun(tmp_path), tmp_path / "on", epochs=1)
    assert int(model.optimizer.iterations) == 60


def test_it_can_be_given_more_time_and_ends_as_one_that_was_not_interrupted(tmp_path):
    path = begun(tmp_path)
    whole, one = longer(path, tmp_path / "whole", epochs=4)
    longer(path, tmp_path / "parts", epochs=2)
    parts, other = longer(path, tmp_path / "parts", epochs=4)
    np.testing.assert_array_equal(parts.curve, whole.curve)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_ends_by_the_clock_and_what_is_spent_stays_spent(tmp_path):
    path = begun(tmp_path)
    found, _ = longer(path, tmp_path / "on", seconds=0.05, epochs=None)
    assert found.seconds >= 0.05
    again, _ = longer(path, tmp_path / "on", seconds=0.05, epochs=None)
    assert again.curve == found.curve


def test_where_it_only_harms_the_start_is_kept(tmp_path):
    model = classifier(optimizer=keras.optimizers.SGD(0.0))
    model.optimizer.build(model.trainable_variables)
    keras.utils.set_random_seed(0)
    before = [w.copy() for w in model.get_weights()]
    model.optimizer.learning_rate = 50.0
    found, after = leave_training(
        model, TRAIN, held(model), folder=tmp_path / "on", seconds=60.0, epochs=2
    )
    assert found.best_at == 0
    assert found.gain.gain == 0.0
    assert not found.gain.helps
    for one, other in zip(before, after.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("harm", ["weights", "place", "both copies"])
def test_half_written_files_of_a_kill_lose_an_epoch_at_most(tmp_path, harm):
    path = begun(tmp_path)
    longer(path, tmp_path / "on", epochs=2)
    backup = tmp_path / "on" / "backup"
    names = {"weights": ["latest.weights.h5"], "place": ["training_metadata.json"]}.get(
        harm, ["latest.weights.h5", "latest.weights.h5.bkp"]
    )
    for name in names:
        file = backup / name
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    found, _ = longer(path, tmp_path / "on", epochs=3)
    whole, _ = longer(path, tmp_path / "whole", epochs=3)
    np.testing.assert_array_equal(found.curve, whole.curve)


def test_averaged_weights_are_judged_and_train_on_through_a_restart(tmp_path):
    model = classifier(optimizer=keras.optimizers.Adam(0.003, use_ema=True, ema_momentum=0.9))
    model.fit(TRAIN.x, TRAIN.y, verbose=0)
    model.save(tmp_path / "begun.keras")
    whole, one = longer(tmp_path / "begun.keras", tmp_path / "whole", epochs=3)
    assert whole.gain.helps
    loss = one.evaluate(VALIDATION.x, VALIDATION.y, verbose=0)
    assert loss == pytest.approx(min(whole.curve), rel=1e-5)
    longer(tmp_path / "begun.keras", tmp_path / "parts", epochs=1)
    parts, _ = longer(tmp_path / "begun.keras", tmp_path / "parts", epochs=3)
    np.testing.assert_allclose(parts.curve, whole.curve, rtol=1e-5)


def test_other_data_and_files_that_are_no_model_are_refused(tmp_path):
    path = begun(tmp_path)
    longer(path, tmp_path / "on", epochs=1)
    model = keras.saving.load_model(path)
    with pytest.raises(InputError, match="belongs to another model"):
        leave_training(
            model, TRAIN.take(slice(9)), held(model), folder=tmp_path / "on", seconds=1.0
        )
    with pytest.raises(InputError, match="no model file"):
        leave_training("nowhere.keras", TRAIN, held(model), folder=tmp_path / "x", seconds=1.0)
    (tmp_path / "bad.keras").write_text("nothing")
    with pytest.raises(InputError, match="cannot load"):
        leave_training(
            tmp_path / "bad.keras", TRAIN, held(model), folder=tmp_path / "x", seconds=1.0
        )


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import test_longer
test_longer.longer(Path(sys.argv[2]), Path(sys.argv[3]), epochs=int(sys.argv[4]))
"""


def test_a_killed_process_goes_on_as_if_nothing_had_been(tmp_path):
    path, folder = begun(tmp_path), tmp_path / "on"
    tests = str(Path(__file__).parent)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", CHILD, tests, str(path), str(folder), "100000"]
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        state = folder / "state.json"
        while not (state.exists() and len(json.loads(state.read_text())["curve"]) > 2):
            assert child.poll() is None, child.stderr.read().decode()
            time.sleep(0.02)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stderr.close()
    done = len(json.loads(state.read_text())["curve"])
    found, _ = longer(path, folder, epochs=done + 2)
    assert len(found.curve) == done + 3
    whole, _ = longer(path, tmp_path / "whole", epochs=done + 2)
    np.testing.assert_array_equal(found.curve, whole.curve)
