"""What `module:factory` on the command line names: the user's model, data and fit settings."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from keras_recipe import examine
from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.core.settings import unknown
from keras_recipe.data.paths import opened
from keras_recipe.data.sources import open_source
from keras_recipe.data.survey import survey
from keras_recipe.recipe import Recipe
from keras_recipe.surgery.preserve import random_states
from keras_recipe.without_model import DataReport, with_survey

FORM = "a tuple (model, x, y), a dict with these keys, or an object with these attributes"


def recipe_of(target: str, log_dir: Path | None = None) -> Recipe:
    """Return the recipe of what a target's factory returns.

    Args:
        target: As `load` takes it; in the place of the model there may be a `build(hp)`.
        log_dir: As `Recipe` takes it.

    Raises:
        InputError: The target or what it gives cannot be used.
    """
    arguments = load(target, examine.check, keras.Model.fit)
    model, x, y = arguments.pop("model"), arguments.pop("x"), arguments.pop("y", None)
    weights = arguments.pop("sample_weight", None)
    data = (x,) if y is None else (x, y) if weights is None else (x, y, weights)
    recipe = Recipe(model, data, log_dir=log_dir, **arguments)
    recipe.target = target
    return recipe


def surveyed(
    target: str, *, engine: str = "local", scheduler: str | None = None, **settings: Any
) -> DataReport:
    """Check what a target's factory returns, and count what its rows hold.

    Args:
        target: As `load` takes it.
        engine: Who counts: `"local"` or `"dask"` (see `survey`).
        scheduler: Address of a dask scheduler.
        **settings: Further arguments of `check`, over those that the factory returns.

    Raises:
        InputError: The target or what it gives cannot be used, or the engine cannot be had.
        ConfigError: A code or an engine is unknown.
    """
    arguments = load(target, examine.check, keras.Model.fit) | settings
    model, x, y = arguments.pop("model"), arguments.pop("x"), arguments.pop("y", None)
    names = ("validation_data", "test_data")
    held = {name: arguments.pop(name) for name in names if name in arguments}
    with random_states():
        x, y, held = opened(model, x, y, **held)
        source = open_source(x, y, arguments.get("sample_weight"))
        seed = int(arguments.get("seed", 0))
        counted = survey(source, seed=seed, engine=engine, scheduler=scheduler)
    made = examine.check(model, x, y, **held, **arguments)
    return with_survey(made, counted, source)


def load(target: str, *accepts: Callable[..., Any]) -> dict[str, Any]:
    """Import the module, call its factory and return what it gives as keyword arguments.

    Args:
        target: `"package.module:factory"` (the current folder is searched too) or
            `"folder/file.py:factory"`.
        *accepts: Functions whose parameter names are the keys allowed.

    Returns:
        A dict with `model`, `x`, usually `y`, and fit settings.

    Raises:
        InputError: The target is malformed or not there, the user's code raises, or it returns
            something else.
        ConfigError: The function's name or a key is unknown.
    """
    place, colon, name = target.rpartition(":")
    if not (place and colon and name.isidentifier()):
        msg = (
            "The target must read module:factory or file.py:factory, where factory is a "
            f"function that returns {FORM}. Received: {target!r}"
        )
        raise InputError(msg)
    module = _module(place)
    factory = getattr(module, name, None)
    if factory is None:
        made = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise unknown(name, made or ("(none)",), f"function in {place}")
    if not callable(factory):
        kind = type(factory).__name__
        msg = f"{target} must be a function that returns {FORM}; it is a {kind}."
        raise InputError(msg)
    _refuse_arguments(factory, target)
    with _told(target):
        made = factory()
    names = [name for function in accepts for name in inspect.signature(function).parameters]
    return _arguments(made, target, tuple(name for name in names if name != "self"))


def _module(place: str) -> ModuleType:
    path = Path(place)
    is_file = path.suffix == ".py" or len(path.parts) > 1
    if is_file and not path.is_file():
        msg = f"There is no file {place!r}; name a Python file, as in train.py:factory."
        raise InputError(msg)
    folder = str(path.resolve().parent if is_file else Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with _told(place):
        return _file(path) if is_file else _named(place)


def _named(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        msg = f"{name!r} is not the name of a module; name it as Python imports it."
        raise InputError(msg)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # an import inside the user's module
        msg = f"There is no module {name!r} here or installed; name it as Python imports it."
        raise InputError(msg) from error


def _file(path: Path) -> ModuleType:
    name = path.stem if path.stem not in sys.modules else f"target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        msg = f"{str(path)!r} is not a Python file; name one, as in train.py:factory."
        raise InputError(msg)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _refuse_arguments(factory: Callable[..., Any], target: str) -> None:
    try:
        inspect.signature(factory).bind()
    except TypeError as error:
        msg = f"{target} must be callable without arguments ({error}); give them defaults."
        raise InputError(msg) from error
    except ValueError:  # built in C: no signature to read
        return


@contextmanager
def _told(target: str) -> Iterator[None]:
    """Turn whatever the user's code raises into one sentence with its place."""
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        text = said(error)
        kind = type(error).__name__ + (f": {text}" if text else "")
        msg = f"{target} raised {kind} ({_place(error)}); mend it and run again."
        raise InputError(msg) from error


def _place(error: BaseException) -> str:
    """Return `file:line` of the user's own line: the deepest one outside installed packages."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    libraries = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    foreign = ("<frozen", str(Path(__file__).parent), *libraries)
    users = [f for f in frames if not f.filename.startswith(foreign)] or frames
    return f"{users[-1].filename}:{users[-1].lineno}"


def _arguments(made: Any, target: str, known: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(made, Mapping):
        arguments = dict(made)
    elif hasattr(made, "fit") or isinstance(made, type):
        arguments = {}  # a model alone, or a class not called
    elif hasattr(made, "model"):
        arguments = {key: getattr(made, key) for key in known if hasattr(made, key)}
    elif isinstance(made, tuple | list) and len(made) in (2, 3):
        arguments = dict(zip(("model", "x", "y"), made, strict=False))
    else:
        arguments = {}
    if not {"model", "x"} <= arguments.keys():
        what = f"a dict with keys {sorted(map(str, made))}" if isinstance(made, Mapping) else ""
        what = what or f"a {type(made).__name__}" + (
            f" of {len(made)}" if isinstance(made, tuple | list) else ""
        )
        msg = f"{target} must return {FORM}. Received: {what}"
        raise InputError(msg)
    for key in arguments:
        if key not in known:
            raise unknown(str(key), known, f"key in what {target} returns")
    return arguments
