"""Every way to make a step: its numbers are recorded or it is named, and they stay the same."""

import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
from keras import layers

from keras_recipe.callbacks import RecipeMonitor

BACKEND = keras.backend.backend()
optimizers = keras.optimizers


class OwnStep(keras.Model):
    """A `train_step` of its own around the usual one."""

    def __init__(self):
        super().__init__()
        self.stack = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(3)])

    def call(self, x):
        return self.stack(x)

    def train_step(self, *args, **kwargs):
        return super().train_step(*args, **kwargs)


def net(optimizer=None, **settings):
    stack = [layers.Dense(8, activation="relu"), layers.BatchNormalization(), layers.Dense(3)]
    return compiled(keras.Sequential([keras.Input((6,)), *stack]), optimizer, **settings)


def compiled(model, optimizer=None, **settings):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or optimizers.Adam(0.01), loss, **settings)
    return model


def half():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return net()
    finally:
        keras.config.set_dtype_policy("float32")


def several():
    only = optimizers.OptimizerMap(optimizers.Adam(0.01))
    return net(optimizers.MultiOptimizer(only))


#: By name: the program, and what the note says where its steps are not watched.
CASES = {
    "plain": (net, ""),
    "accumulated gradients": (
        lambda: net(optimizers.Adam(0.01, gradient_accumulation_steps=2)),
        "",
    ),
    "averaged weights": (lambda: net(optimizers.AdamW(0.01, use_ema=True)), ""),
    "average put into the weights": (
        lambda: net(optimizers.SGD(0.1, use_ema=True, ema_overwrite_frequency=2)),
        "",
    ),
    "half precision with loss scaling": (half, ""),
    "own train step": (lambda: compiled(OwnStep()), ""),
    "several optimizers": (several, "several optimizers"),
}
if BACKEND != "torch":  # which makes one step an execution, and would compile for minutes
    CASES["several steps an execution"] = (lambda: net(steps_per_execution=4), "")
    CASES["compiled as a whole"] = (lambda: net(jit_compile=True), "")


def rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(128, 6)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


def trained(build, callbacks):
    """Losses and the final state of a fit, bit for bit."""
    keras.utils.set_random_seed(3)
    model, (x, y) = build(), rows()
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0, callbacks=callbacks).history
    variables = *model.variables, *model.optimizer.variables
    state = [np.asarray(keras.ops.convert_to_numpy(v)).tobytes() for v in variables]
    return history["loss"], state


@pytest.mark.parametrize("name", CASES)
def test_each_is_watched_or_named_and_its_numbers_stay(name):
    build, reason = CASES[name]
    monitor = RecipeMonitor()
    assert trained(build, [monitor]) == trained(build, [])
    trace = monitor.trace
    if reason:
        assert [note for note in trace.notes if note.startswith("the steps are not watched")]
        assert reason in trace.notes[0]
        assert trace.weights == [{}, {}]
        return
    assert trace.notes == []
    assert trace.steps == [8, 8]
    for numbers in trace.weights[-1].values():
        assert numbers["gradient_norm"] > 0
        assert numbers["update_norm"] > 0


DEVICES = """
    import keras, numpy as np
    from keras_recipe.callbacks import RecipeMonitor

    keras.distribution.set_distribution(keras.distribution.DataParallel())
    losses = []
    for monitors in ([], [RecipeMonitor()]):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
        model.compile("adam", "mse")
        x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
        fit = {"batch_size": 16, "epochs": 2, "verbose": 0, "callbacks": monitors}
        losses.append(model.fit(x, x[:, :3], **fit).history["loss"])
    print(len(keras.distribution.list_devices()), losses[0] == losses[1])
    print(monitors[0].trace.notes)
"""


@pytest.mark.skipif(BACKEND != "jax", reason="only JAX makes several devices of a CPU")
def test_several_devices_are_named_and_the_numbers_stay():
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", textwrap.dedent(DEVICES)]
    environment = {**os.environ, **flags}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()[-2:]
    assert said[0] == "4 True"
    assert "not watched: the model is spread over several devices" in said[1]
