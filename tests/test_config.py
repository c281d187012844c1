import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from keras_recipe import config, keras_json
from keras_recipe.core.errors import ConfigError

LEVELS = ("file", "variable", "argument")  # rising
SUBSETS = [s for n in range(4) for s in itertools.combinations(LEVELS, n)]
VALUES = {
    "backend": {"file": "tensorflow", "variable": "torch", "argument": "jax"},
    "accelerator": {"file": "cpu", "variable": "gpu", "argument": "auto"},
    "devices": {"file": 2, "variable": 3, "argument": 4},
}
DEFAULTS = {"backend": "tensorflow", "accelerator": "auto", "devices": 1}


@pytest.fixture(autouse=True)
def all_installed_none_loaded(monkeypatch):
    monkeypatch.setattr(config, "installed", lambda _: True)
    monkeypatch.setattr(config, "loaded", lambda: None)


@pytest.fixture
def home(tmp_path):
    def write(**content):
        (tmp_path / "keras.json").write_text(json.dumps(content), encoding="utf-8")
        return {"KERAS_HOME": str(tmp_path)}

    return write


def scene(home, levels, fixed=None):
    """Environment, arguments and expected values when `levels[name]` say something."""
    values = {**VALUES, **(fixed or {})}
    file = {n: values[n]["file"] for n in values if "file" in levels[n]}
    environment = home(**file)
    for name in values:
        if "variable" in levels[name]:
            environment[f"KERAS_{name.upper()}"] = str(values[name]["variable"])
    arguments = {n: values[n]["argument"] for n in values if "argument" in levels[n]}
    expected = {n: values[n][s[-1]] if s else DEFAULTS[n] for n, s in levels.items()}
    return environment, arguments, expected


def names_its_source(choice, name, levels, environment):
    expected = {
        (): "default",
        "file": str(keras_json.location(environment)),
        "variable": f"KERAS_{name.upper()}",
        "argument": f"--{name}",
    }[levels[-1] if levels else ()]
    return expected in choice.sources[name]


@pytest.mark.parametrize("levels", SUBSETS, ids="+".join)
@pytest.mark.parametrize("name", VALUES)
def test_the_highest_level_that_speaks_decides(home, name, levels):
    all_levels = {n: levels if n == name else () for n in VALUES}
    if name != "backend":
        all_levels["backend"] = ("argument",)  # jax: the one that can do everything
    environment, arguments, expected = scene(home, all_levels)
    choice = config.choose(**arguments, environment=environment)
    assert getattr(choice, name) == expected[name]
    assert names_its_source(choice, name, levels, environment)


def test_each_setting_is_decided_by_itself(home):
    same = {"backend": dict.fromkeys(LEVELS, "jax")}
    for combination in itertools.product(SUBSETS, SUBSETS, SUBSETS):
        levels = dict(zip(VALUES, combination, strict=True))
        environment, arguments, expected = scene(home, levels, same)
        if expected["backend"] != "jax":
            continue
        choice = config.choose(**arguments, environment=environment)
        for name in VALUES:
            assert getattr(choice, name) == expected[name], (name, levels)
            assert names_its_source(choice, name, levels[name], environment)


@pytest.mark.parametrize("name", VALUES)
def test_an_empty_variable_is_an_unset_one(home, name):
    environment = home(**{"backend": "jax", name: VALUES[name]["file"]})
    choice = config.choose(environment={**environment, f"KERAS_{name.upper()}": ""})
    assert getattr(choice, name) == VALUES[name]["file"]


def test_the_reason_is_one_sentence_with_every_source(home):
    environment = {**home(devices=2), "KERAS_BACKEND": "jax"}
    reason = config.choose(accelerator="cpu", environment=environment).reason
    path = keras_json.location(environment)
    assert reason == (
        f"Backend jax (KERAS_BACKEND), accelerator cpu (--accelerator), 2 devices ({path})."
    )


@pytest.mark.parametrize(
    ("present", "expected", "why"),
    [
        (("jax", "tensorflow", "torch"), "tensorflow", "Keras's default"),
        (("jax", "torch"), "jax", "first one installed"),
        (("torch",), "torch", "first one installed"),
    ],
)
@pytest.mark.parametrize("file", [{}, keras_json.UNTOUCHED, {"accelerator": "cpu"}])
def test_unless_told_the_backend_is_one_that_is_there(
    home, monkeypatch, present, expected, why, file
):
    monkeypatch.setattr(config, "installed", lambda name: name in present)
    choice = config.choose(environment=home(**file))
    assert choice.backend == expected
    assert why in choice.sources["backend"]


def test_unless_told_the_backend_keras_runs_on_is_kept(home, monkeypatch):
    monkeypatch.setattr(config, "loaded", lambda: "torch")
    choice = config.choose(environment=home())
    assert (choice.backend, choice.sources["backend"]) == (
        "torch",
        "Keras is already imported with it",
    )


def test_no_backend_at_all_gives_the_install_line(home, monkeypatch):
    monkeypatch.setattr(config, "installed", lambda _: False)
    with pytest.raises(ConfigError, match=r"pip install 'keras-recipe\[jax\]'"):
        config.choose(environment=home())


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("backend", config.BACKENDS)
def test_a_missing_backend_gives_its_install_line_and_who_asked(
    home, monkeypatch, backend, level
):
    monkeypatch.setattr(config, "installed", lambda name: name != backend)
    fixed = {"backend": {level: backend}}
    environment, arguments, _ = scene(home, {"backend": (level,)} | NOTHING_ELSE, FIX | fixed)
    with pytest.raises(
        ConfigError, match=rf"pip install 'keras-recipe\[{backend}\]'"
    ) as caught:
        config.choose(**arguments, environment=environment)
    telling = {"argument": "--backend", "variable": "KERAS_BACKEND", "file": "keras.json"}
    assert telling[level] in str(caught.value)


NOTHING_ELSE = {"accelerator": (), "devices": ()}
FIX = {name: dict.fromkeys(LEVELS) for name in NOTHING_ELSE}


def test_installed_looks_without_importing(monkeypatch, tmp_path):
    monkeypatch.undo()
    (tmp_path / "hollow_backend").mkdir()  # an empty folder is left behind by some uninstalls
    (tmp_path / "real_backend.py").write_text("raise SystemExit", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert config.installed("real_backend")
    assert not config.installed("hollow_backend")
    assert not config.installed("no_such_backend")
    made_by_hand = ModuleType("made_by_hand")
    monkeypatch.setitem(sys.modules, "made_by_hand", made_by_hand)
    assert config.installed("made_by_hand")


def test_loaded_knows_the_running_backend(monkeypatch):
    import keras

    monkeypatch.undo()
    assert config.loaded() == keras.config.backend()
    monkeypatch.delitem(sys.modules, "keras")
    assert config.loaded() is None


@pytest.mark.parametrize(
    ("name", "given", "telling"),
    [
        ("backend", "jaxx", "did you mean 'jax'"),
        ("backend", "JAX", "did you mean 'jax'"),
        ("backend", "tf", "did you mean 'tensorflow'"),
        ("backend", "TensorFlow", "did you mean 'tensorflow'"),
        ("backend", "pytorch", "did you mean 'torch'"),
        ("backend", "numpy", "expected one of tensorflow, jax, torch"),
        ("backend", "🦆", "expected one of"),
        ("accelerator", "cuda", "did you mean 'gpu'"),
        ("accelerator", "mps", "did you mean 'gpu'"),
        ("accelerator", "CPU", "did you mean 'cpu'"),
        ("accelerator", "abacus", "expected one of auto, cpu, gpu, tpu"),
        ("devices", "0", "must be 1 or more"),
        ("devices", "-2", "must be 1 or more"),
        ("devices", "four", "must be 1 or more"),
        ("devices", "2.5", "must be 1 or more"),
        ("devices", "²", "must be 1 or more"),
    ],
)
@pytest.mark.parametrize("level", LEVELS)
def test_a_wrong_word_is_one_sentence_that_says_who_gave_it(home, name, given, telling, level):
    values = {n: dict.fromkeys(LEVELS, given if n == name else "jax") for n in VALUES}
    levels = {n: (level,) if n == name else () for n in VALUES}
    environment, arguments, _ = scene(home, levels, values)
    with pytest.raises(ConfigError, match=telling) as caught:
        config.choose(
            **{"backend": "jax"} | arguments if name != "backend" else arguments,
            environment=environment,
        )
    assert given in str(caught.value)
    assert "\n" not in str(caught.value)
    who = {"argument": f"--{name}", "variable": f"KERAS_{name.upper()}", "file": "keras.json"}
    assert who[level] in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        {"backend": 3},
        {"backend": None},
        {"backend": ["jax"]},
        {"accelerator": True},
        {"accelerator": None},
        {"devices": True},
        {"devices": 2.0},
        {"devices": None},
        {"devices": [2]},
    ],
)
def test_a_wrong_type_in_the_file_is_one_sentence(home, content):
    (value,) = content.values()
    with pytest.raises(ConfigError) as caught:
        config.choose(environment=home(**content))
    assert f"Received: {value!r}" in str(caught.value)


def test_a_corrupt_file_stops_even_when_everything_is_given(tmp_path):
    (tmp_path / "keras.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid JSON"):
        config.choose("jax", "cpu", 1, environment={"KERAS_HOME": str(tmp_path)})


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
@pytest.mark.parametrize(("name", "value"), [("accelerator", "tpu"), ("devices", 2)])
def test_what_only_jax_can_do_says_so(home, backend, name, value):
    with pytest.raises(ConfigError, match="needs --backend jax") as caught:
        config.choose(backend, **{name: value}, environment=home())
    assert f"--{name}" in str(caught.value)
    assert f"Received: {backend}" in str(caught.value)


def needed(home, environment=(), **given):
    environment = {**home(), **dict(environment)}
    choice = config.choose(**given, environment=environment)
    config.apply(choice, environment)
    environment.pop("KERAS_HOME")
    return environment


@pytest.mark.parametrize(
    ("backend", "accelerator", "expected"),
    [
        ("jax", "auto", {}),
        ("tensorflow", "auto", {}),
        ("torch", "auto", {}),
        ("jax", "cpu", {"JAX_PLATFORMS": "cpu"}),
        ("tensorflow", "cpu", {"CUDA_VISIBLE_DEVICES": "-1"}),
        ("torch", "cpu", {"CUDA_VISIBLE_DEVICES": "-1", "KERAS_TORCH_DEVICE": "cpu"}),
        ("jax", "gpu", {}),
        ("tensorflow", "gpu", {}),
        ("torch", "gpu", {}),
        ("jax", "tpu", {}),
    ],
)
def test_each_backend_gets_its_own_variables(home, backend, accelerator, expected):
    found = needed(home, backend=backend, accelerator=accelerator)
    assert found == {"KERAS_BACKEND": backend, **expected}


@pytest.mark.parametrize(
    ("accelerator", "before", "after"),
    [
        ("gpu", "cpu", None),
        ("tpu", "cpu", None),
        ("tpu", "cuda,cpu", None),
        ("gpu", "cuda,cpu", "cuda,cpu"),
        ("gpu", "rocm", "rocm"),
        ("cpu", "cuda", "cpu"),
        ("auto", "cpu", "cpu"),
    ],
)
def test_an_older_jax_platform_gives_way_only_when_it_forbids(home, accelerator, before, after):
    found = needed(home, {"JAX_PLATFORMS": before}, backend="jax", accelerator=accelerator)
    assert found.get("JAX_PLATFORMS") == after


@pytest.mark.parametrize(
    ("accelerator", "before", "after"),
    [
        ("gpu", "cpu", None),
        ("gpu", "cuda:1", "cuda:1"),
        ("cpu", "cuda", "cpu"),
        ("auto", "meta", "meta"),
    ],
)
def test_an_older_torch_device_gives_way_only_when_it_forbids(home, accelerator, before, after):
    found = needed(
        home, {"KERAS_TORCH_DEVICE": before}, backend="torch", accelerator=accelerator
    )
    assert found.get("KERAS_TORCH_DEVICE") == after


@pytest.mark.parametrize(
    ("device", "expected"),
    [("cpu", "cpu"), ("cuda", "gpu"), ("cuda:1", "gpu"), ("mps", "gpu"), ("meta", "tpu")],
)
def test_keras_torch_device_is_a_variable_between_file_and_keras_accelerator(
    home, device, expected
):
    environment = {**home(), "KERAS_TORCH_DEVICE": device}
    source = "KERAS_TORCH_DEVICE" if device != "meta" else "default"
    choice = config.choose("torch", environment=environment)
    assert choice.accelerator == (expected if device != "meta" else "auto")
    assert choice.sources["accelerator"] == source
    with_file = config.choose("torch", environment=environment | home(accelerator="auto"))
    assert with_file.accelerator == choice.accelerator
    with_variable = config.choose(
        "torch", environment=environment | {"KERAS_ACCELERATOR": "auto"}
    )
    assert with_variable.accelerator == "auto"
    on_jax = config.choose("jax", environment=environment)
    assert on_jax.accelerator == "auto"


FLAG = "--xla_force_host_platform_device_count"


@pytest.mark.parametrize(
    ("accelerator", "devices", "before", "after"),
    [
        ("cpu", 4, "", f"{FLAG}=4"),
        ("auto", 2, "", f"{FLAG}=2"),
        ("cpu", 4, "--xla_dump_to=/x", f"--xla_dump_to=/x {FLAG}=4"),
        ("cpu", 4, f"{FLAG}=8", f"{FLAG}=4"),
        ("cpu", 1, f"{FLAG}=8", f"{FLAG}=8"),
        ("gpu", 4, "", ""),
    ],
)
def test_virtual_cpu_devices_on_jax(home, accelerator, devices, before, after):
    given = {"backend": "jax", "accelerator": accelerator, "devices": devices}
    found = needed(home, {"XLA_FLAGS": before}, **given)
    assert found["XLA_FLAGS"] == after


def test_too_late_is_one_sentence_and_changes_nothing(home, monkeypatch):
    monkeypatch.setattr(config, "loaded", lambda: "torch")
    choice = config.choose("jax", "cpu", environment=home())
    environment = {}
    with pytest.raises(ConfigError, match=r"already imported with backend 'torch'.*too late"):
        config.apply(choice, environment)
    assert environment == {}


def test_the_same_backend_is_never_too_late(home, monkeypatch):
    monkeypatch.setattr(config, "loaded", lambda: "torch")
    assert needed(home, backend="torch") == {"KERAS_BACKEND": "torch"}


def test_choosing_changes_nothing(home):
    environment = home()
    before = dict(environment)
    config.choose("torch", "cpu", environment=environment)
    assert environment == before
    assert sorted(p.name for p in keras_json.location(environment).parent.iterdir()) == [
        "keras.json"
    ]


def test_a_fresh_process_gets_the_backend_chosen_and_config_imports_no_keras(tmp_path):
    import keras

    script = (
        "import sys; from keras_recipe import config\n"
        "assert not {'keras', 'numpy', 'jax', 'torch', 'tensorflow'} & set(sys.modules)\n"
        f"config.apply(config.choose({keras.config.backend()!r}, 'cpu'))\n"
        "import keras; print(keras.config.backend(), config.loaded())\n"
    )
    other = {"jax": "torch", "torch": "jax", "tensorflow": "jax"}[keras.config.backend()]
    environment = {
        **os.environ,
        "KERAS_HOME": str(tmp_path),
        "KERAS_BACKEND": other,
        "PYTHONPATH": str(Path(config.__file__).parents[1]),
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [keras.config.backend()] * 2
