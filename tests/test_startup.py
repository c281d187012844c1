from types import SimpleNamespace

import keras
import pytest

from keras_recipe import config, startup
from keras_recipe.core.errors import ConfigError

BACKEND = keras.config.backend()


def sees(monkeypatch, *names):
    monkeypatch.setattr(startup, "current", lambda: SimpleNamespace(devices=lambda: [*names]))


def chosen(accelerator="auto", count=1):
    return config.Choice(
        backend=BACKEND,
        accelerator=accelerator,
        devices=count,
        sources={"backend": "default", "accelerator": "--accelerator", "devices": "--devices"},
        environment={},
    )


def test_the_running_backend_sees_a_cpu_at_least():
    kinds = {name.partition(":")[0] for name in startup.seen()}
    assert kinds & {"cpu", "gpu", "tpu"}
    assert startup.verify(chosen()) == startup.seen()


@pytest.mark.parametrize(
    ("accelerator", "count", "names"),
    [
        ("auto", 1, ["cpu:0"]),
        ("cpu", 1, ["cpu:0"]),
        ("cpu", 2, ["cpu:0", "cpu:1"]),
        ("gpu", 1, ["cpu:0", "gpu:0"]),
        ("gpu", 2, ["cpu:0", "gpu:0", "gpu:1"]),
        ("gpu", 1, ["mps:0"]),
        ("gpu", 1, ["cuda:0"]),
        ("tpu", 1, ["tpu:0"]),
    ],
)
def test_what_is_there_passes(monkeypatch, accelerator, count, names):
    sees(monkeypatch, *names)
    assert startup.verify(chosen(accelerator, count)) == names


@pytest.mark.parametrize(
    ("accelerator", "count", "names", "telling"),
    [
        ("gpu", 1, ["cpu:0"], r"No gpu \(--accelerator\) .* sees cpu:0"),
        ("tpu", 1, ["cpu:0", "gpu:0"], "No tpu .* sees cpu:0, gpu:0"),
        ("cpu", 1, ["gpu:0"], "No cpu"),
        ("cpu", 1, ["cpu:0", "gpu:0"], r"comes too late: .* uses cpu:0, gpu:0"),
        ("auto", 4, ["cpu:0"], r"4 devices \(--devices\) are more than .* use --devices 1"),
        ("gpu", 2, ["cpu:0", "gpu:0"], "use --devices 1"),
    ],
)
def test_what_is_not_there_is_one_sentence(monkeypatch, accelerator, count, names, telling):
    sees(monkeypatch, *names)
    with pytest.raises(ConfigError, match=telling) as caught:
        startup.verify(chosen(accelerator, count))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "telling"),
    [
        (
            RuntimeError("Unable to initialize 'cuda':\n  none."),
            "Error: Unable .* 'cuda': none",
        ),
        (AssertionError(), "AssertionError"),  # what JAX 0.10 says with JAX_PLATFORMS=cuda
    ],
)
def test_a_backend_that_cannot_start_is_one_sentence(monkeypatch, error, telling):
    def refuse():
        raise error

    monkeypatch.setattr(startup, "current", lambda: SimpleNamespace(devices=refuse))
    with pytest.raises(ConfigError, match=rf"{BACKEND}' finds no device \(\w*{telling}\)\.$"):
        startup.verify(chosen())


def test_start_is_what_the_running_keras_allows(monkeypatch, tmp_path):
    choice = config.choose(BACKEND, environment={"KERAS_HOME": str(tmp_path)})
    assert startup.start(choice) == startup.seen()


def test_keras_that_cannot_be_imported_is_one_sentence(monkeypatch):
    def broken(name):
        msg = f"{name}.so:\n undefined symbol."
        raise OSError(msg)

    monkeypatch.setattr(startup.importlib, "import_module", broken)
    telling = (
        rf"cannot be imported with backend '{BACKEND}' \(OSError: keras.so: undefined symbol"
    )
    with pytest.raises(ConfigError, match=telling) as caught:
        startup.start(chosen())
    assert f"pip install --upgrade 'keras-recipe[{BACKEND}]'" in str(caught.value)
