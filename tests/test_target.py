import sys
from collections import namedtuple
from types import SimpleNamespace

import keras
import pytest

from keras_recipe import target
from keras_recipe.core.errors import ConfigError, InputError

MODEL = keras.Sequential(name="mine")


def accepts(model, x=None, y=None, *, validation_data=None, epochs=1):
    del model, x, y, validation_data, epochs


def also(self, callbacks=None):
    del self, callbacks


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write a module into the current folder; forget it afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)

    def write(text, name="my_training"):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        return name

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def returning(monkeypatch, project, made):
    module = project(
        "def factory():\n    from builtins import made_by_the_test as m\n    return m"
    )
    monkeypatch.setattr("builtins.made_by_the_test", made, raising=False)
    return target.load(f"{module}:factory", accepts, also)


class Holder:
    model, x, y, epochs, unrelated = MODEL, [1], [2], 3, "not asked for"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((MODEL, [1], [2]), {"model": MODEL, "x": [1], "y": [2]}),
        ([MODEL, [1], [2]], {"model": MODEL, "x": [1], "y": [2]}),
        ((MODEL, [1]), {"model": MODEL, "x": [1]}),
        ({"model": MODEL, "x": [1]}, {"model": MODEL, "x": [1]}),
        (
            {"model": MODEL, "x": [1], "y": [2], "epochs": 3, "callbacks": []},
            {"model": MODEL, "x": [1], "y": [2], "epochs": 3, "callbacks": []},
        ),
        (Holder(), {"model": MODEL, "x": [1], "y": [2], "epochs": 3}),
        (SimpleNamespace(model=MODEL, x=None), {"model": MODEL, "x": None}),
        (namedtuple("Made", "x model")([1], MODEL), {"model": MODEL, "x": [1]}),
    ],
)
def test_a_tuple_a_dict_or_an_object_becomes_arguments(monkeypatch, project, made, expected):
    assert returning(monkeypatch, project, made) == expected


@pytest.mark.parametrize(
    ("made", "received"),
    [
        (None, "a NoneType"),
        (MODEL, "a Sequential"),
        ((), "a tuple of 0"),
        ((MODEL,), "a tuple of 1"),
        ((MODEL, 1, 2, 3), "a tuple of 4"),
        ("model", "a str"),
        ({}, r"a dict with keys \[\]"),
        ({"model": MODEL, "y": 1}, r"a dict with keys \['model', 'y'\]"),
        ({"x": 1, 3: 4}, r"a dict with keys \['3', 'x'\]"),
        (Holder, "a type"),
        (SimpleNamespace(x=1), "a SimpleNamespace"),
        (SimpleNamespace(model=1), "a SimpleNamespace"),
    ],
)
def test_anything_else_is_one_sentence(monkeypatch, project, made, received):
    with pytest.raises(InputError, match=rf"must return a tuple .* Received: {received}$"):
        returning(monkeypatch, project, made)


def test_a_misspelt_key_names_the_nearest(monkeypatch, project):
    made = {"model": MODEL, "x": 1, "validaton_data": 2}
    with pytest.raises(ConfigError, match="'validaton_data'; did you mean 'validation_data'"):
        returning(monkeypatch, project, made)
    with pytest.raises(ConfigError, match=r"Unknown key .* '3'"):
        returning(monkeypatch, project, {"model": MODEL, "x": 1, 3: 2})
    with pytest.raises(ConfigError, match="'self'"):
        returning(monkeypatch, project, {"model": MODEL, "x": 1, "self": 2})


GOOD = "def factory(hp=None):\n    return 'the model', 'the x'\n"


def test_a_file_is_found_by_its_path_with_what_lies_beside_it(project, tmp_path, monkeypatch):
    project("NAME = 'from beside'", "beside_me")
    project("import beside_me\ndef factory():\n    return beside_me.NAME, 1\n", "train")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for place in ("../train.py", str(tmp_path / "train.py")):
        assert target.load(f"{place}:factory", accepts)["model"] == "from beside"


def test_a_package_is_found_by_its_name(project, tmp_path):
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "training.py").write_text(GOOD, encoding="utf-8")
    assert target.load("my_package.training:factory", accepts)["x"] == "the x"


def test_a_file_named_like_a_loaded_module_replaces_nothing(project):
    import json

    project(GOOD, "json")
    assert target.load("./json.py:factory", accepts)["x"] == "the x"
    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("", "must read module:factory"),
        ("my_training", "must read module:factory"),
        (":factory", "must read module:factory"),
        ("my_training:", "must read module:factory"),
        ("my_training:a b", "must read module:factory"),
        ("my_training:f()", "must read module:factory"),
        ("no_such_module:factory", "no module 'no_such_module'"),
        ("no_such.module:factory", "no module 'no_such.module'"),
        ("my_training.deeper:factory", "no module 'my_training.deeper'"),
        (".my_training:factory", "'.my_training' is not the name of a module"),
        ("my-training:factory", "'my-training' is not the name of a module"),
        ("no_such.py:factory", "no file 'no_such.py'"),
        ("folder/train:factory", "no file 'folder/train'"),
        (".:factory", "'.' is not the name of a module"),
        ("my_training:factry", "'factry'; did you mean 'factory'"),
        ("my_training:NUMBER", "must be a function .* it is a int"),
        ("my_training:built_in", r"Received: a dict with keys \[\]"),
        ("my_training:needy", "without arguments .*missing a required argument: 'data'"),
    ],
)
def test_a_wrong_target_is_one_sentence(project, text, telling):
    project(f"{GOOD}NUMBER = 3\nbuilt_in = dict\ndef needy(data):\n    return data\n")
    with pytest.raises((InputError, ConfigError), match=telling) as caught:
        target.load(text, accepts)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_python_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes.txt' is not a Python file"):
        target.load(f"{tmp_path}/notes.txt:factory", accepts)


def test_a_module_without_functions_says_so(project):
    project("", "hollow")
    with pytest.raises(
        ConfigError, match=r"function in hollow 'factory'; expected one of \(none"
    ):
        target.load("hollow:factory", accepts)


FAULTS = [
    ("def factory():\n    return 1 / 0\n", "ZeroDivisionError: division by zero", 2),
    ("1 / 0\n", "ZeroDivisionError: division by zero", 1),
    ("def factory(:\n", "SyntaxError", 1),
    ("\nimport no_such_library\n", "ModuleNotFoundError: No module named 'no_such_library'", 2),
    ("import sys\nsys.exit(3)\n", "SystemExit: 3", 2),
    ("def factory():\n    raise KeyError\n", "KeyError ", 2),
    ("def factory():\n    raise ValueError('two\\nlines')\n", "ValueError: two lines ", 2),
    (
        "import keras\ndef factory():\n    return keras.layers.Dense(-1)\n",
        "ValueError: .*units",
        3,  # the user's own line, not the one inside Keras
    ),
]


@pytest.mark.parametrize("place", ["my_training", "my_training.py"])
@pytest.mark.parametrize(("text", "telling", "line"), FAULTS)
def test_the_users_own_error_is_one_sentence_with_its_line(project, text, telling, line, place):
    project(text)
    with pytest.raises(InputError, match=telling) as caught:
        target.load(f"{place}:factory", accepts)
    said = str(caught.value)
    assert f"my_training.py:{line})" in said
    assert "\n" not in said
    assert caught.value.__cause__ is not None


def test_ctrl_c_in_the_users_code_is_not_swallowed(project):
    project("def factory():\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        target.load("my_training:factory", accepts)
