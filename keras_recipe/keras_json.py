"""Finds and reads keras.json as Keras does, but says when it is corrupt; imports no Keras."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import ConfigError

#: What Keras itself writes into a missing keras.json: nobody chose these.
UNTOUCHED = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
}
_FLOATS = ("float16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")


def location(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of keras.json: in KERAS_HOME, else ~/.keras, else /tmp/.keras."""
    if "KERAS_HOME" in environment:
        return Path(environment["KERAS_HOME"], "keras.json").expanduser()
    home = Path("~").expanduser()
    return Path(home if os.access(home, os.W_OK) else "/tmp", ".keras", "keras.json")


def read(path: Path) -> dict[str, Any]:
    """Return what keras.json says; a missing file says nothing.

    Raises:
        ConfigError: The file cannot be read, is not a JSON object, holds a value that makes
            the import of Keras crash, or a misspelt key of ours.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}); mend it or set KERAS_HOME."
        raise ConfigError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{path} is not valid JSON ({error}); mend it, or delete it to get a new one."
        raise ConfigError(msg) from error
    if not isinstance(found, dict):
        msg = f"{path} must hold a JSON object, {{...}}; mend or delete it. Received: {found!r}"
        raise ConfigError(msg)
    _examine(found, path)
    return found


def untouched(found: Mapping[str, Any]) -> bool:
    """Return whether Keras's part is as Keras wrote it, so that nobody chose its backend."""
    return all(found.get(key) == value for key, value in UNTOUCHED.items())


def _examine(found: Mapping[str, Any], path: Path) -> None:
    wrong = {
        "floatx": ("floatx" in found and found["floatx"] not in _FLOATS, _FLOATS),
        "epsilon": (not isinstance(found.get("epsilon", 0.0), float), ("a float",)),
        "image_data_format": (
            "image_data_format" in found and found["image_data_format"] not in _FORMATS,
            _FORMATS,
        ),
    }
    for key, (is_wrong, expected) in wrong.items():
        if is_wrong:
            msg = f"{key!r} in {path} must be {' or '.join(expected)}. Received: {found[key]!r}"
            raise ConfigError(msg)
    for key in found.keys() - {"accelerator", "devices"}:
        if near := difflib.get_close_matches(key, ("accelerator", "devices"), cutoff=0.8):
            msg = f"Unknown key {key!r} in {path}; did you mean {near[0]!r}?"
            raise ConfigError(msg)
