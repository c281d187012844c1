import itertools
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_recipe import devices
from keras_recipe.core.errors import ConfigError

BACKEND = keras.config.backend()


def batches(batch_size, samples):
    return [min(batch_size, samples - start) for start in range(0, samples, batch_size)]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_check_batch_is_silent_exactly_when_every_batch_divides(count):
    for batch_size, samples in itertools.product(range(1, 14), range(30)):
        even = all(size % count == 0 for size in batches(batch_size, samples))
        found = devices.check_batch(batch_size, samples, count)
        assert (found == "") is even, (batch_size, samples)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_advice_of_check_batch_helps(count):
    for batch_size, samples in itertools.product(range(1, 14), range(count, 30)):
        reason = devices.check_batch(batch_size, samples, count)
        if better := re.search(r"use batch_size=(\d+)", reason):
            batch_size = int(better[1])
            reason = devices.check_batch(batch_size, samples, count)
        if spare := re.search(r"leave out (\d+) of", reason):
            reason = devices.check_batch(batch_size, samples - int(spare[1]), count)
        assert reason == "", (batch_size, samples)


def test_no_batch_size_is_the_default_of_keras():
    assert devices.check_batch(None, 100, 4) == ""
    assert "batches of 32" in devices.check_batch(None, 101, 4)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    seen = []
    record = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda b, logs: seen.append(b))
    model.predict(np.zeros((devices.BATCH_SIZE * 2, 1)), verbose=0, callbacks=[record])
    assert len(seen) == 2


def test_one_device_distributes_nothing():
    assert devices.distribute(1) is None
    assert keras.distribution.distribution() is None
    with devices.sharing(32, 101) as reason:
        assert reason == ""


@pytest.mark.parametrize("count", [0, -1, 10_000])
def test_devices_that_cannot_be_shared_among_are_one_sentence(count):
    with pytest.raises(ConfigError, match="devices") as caught:
        devices.distribute(count)
    assert "\n" not in str(caught.value)
    assert keras.distribution.distribution() is None


@pytest.mark.skipif(BACKEND == "jax", reason="JAX is where it works")
def test_elsewhere_than_on_jax_the_sentence_names_jax():
    with pytest.raises(ConfigError, match=f"on JAX only, and this is {BACKEND}"):
        devices.distribute(2)


TRAINING = """
import json, sys
from keras_recipe import config
config.apply(config.choose("jax", "cpu", 4))
import keras, numpy as np
from keras_recipe import devices

def train(count, samples, batch_size):
    devices.distribute(count)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((6,)),
        # no bias: before BatchNormalization its gradient is rounding noise, which Adam blows up
        keras.layers.Dense(4, use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(3, activation="softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    data = np.random.default_rng(0)
    x, y = data.random((samples, 6), "float32"), data.integers(0, 3, samples)
    held_out = x[:batch_size], y[:batch_size]
    with devices.sharing(batch_size, samples, len(held_out[0])) as reason:
        split = getattr(keras.distribution.distribution(), "split", None)
        logs = model.fit(x, y, batch_size, 2, verbose=0, validation_data=held_out).history
    places = {len(v.value.sharding.device_set) for v in model.variables}
    return {
        "reason": reason,
        "split": split,
        "places": sorted(places),
        "logs": logs,
        "predictions": model.predict(x, batch_size, verbose=0).tolist(),
        "few": model.predict(x[:3], verbose=0).tolist(),
    }

rows = {}
for samples, batch_size in ((96, 16), (101, 16)):
    rows[f"{samples}/{batch_size}"] = [train(n, samples, batch_size) for n in (1, 4)]
print("\\n" + json.dumps(rows))
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    environment = {
        **os.environ,
        "KERAS_HOME": str(tmp_path_factory.mktemp("home")),
        "PYTHONPATH": str(Path(devices.__file__).parents[1]),
    }
    done = subprocess.run(
        [sys.executable, "-c", TRAINING], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


on_jax = pytest.mark.skipif(
    BACKEND != "jax" or find_spec("jax") is None, reason="only JAX shares batches"
)


@on_jax
@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("96/16", ""),
        ("101/16", "leave out 1 of the samples"),
    ],
)
def test_four_devices_train_to_the_numbers_of_one(trained, case, reason):
    one, four = trained[case]
    assert reason in four["reason"]
    assert (four["split"], one["split"]) == (not reason, None)
    assert (one["places"], four["places"]) == ([1], [4])
    assert one["logs"].keys() == four["logs"].keys() >= {"loss", "val_loss", "accuracy"}
    for name, losses in one["logs"].items():
        np.testing.assert_allclose(four["logs"][name], losses, rtol=1e-5, err_msg=name)
    for name in ("predictions", "few"):  # `few` never divides by 4
        np.testing.assert_allclose(four[name], one[name], rtol=1e-4, atol=1e-6)
