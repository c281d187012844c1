"""From a choice to a running Keras: applied, imported, and the devices proved to be there."""

from __future__ import annotations

import importlib
from typing import Any

from keras_recipe import config
from keras_recipe.config import GPUS, Choice
from keras_recipe.core.errors import ConfigError
from keras_recipe.core.said import said

_KINDS = {"cpu": ("cpu",), "gpu": GPUS, "tpu": ("tpu",)}


def start(choice: Choice) -> list[str]:
    """Apply `choice`, import Keras and return the devices seen.

    Raises:
        ConfigError: Keras runs on another backend already, cannot be imported, or what was
            chosen is not there.
    """
    config.apply(choice)
    try:
        importlib.import_module("keras")
    except Exception as error:  # each backend breaks in its own way
        msg = (
            f"Keras cannot be imported with backend {choice.backend!r} ({_reason(error)}); "
            f"pip install --upgrade 'keras-recipe[{choice.backend}]'."
        )
        raise ConfigError(msg) from error
    return verify(choice)


def _reason(error: Exception) -> str:
    text = said(error).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def current() -> Any:
    """Return the backend's primitives; Keras is imported if it is not yet."""
    return importlib.import_module("keras_recipe.backend").current()


def seen() -> list[str]:
    """Return the devices the running backend can use, as `"cpu:0"`, `"gpu:0"`, ….

    Raises:
        ConfigError: The backend finds none of the platforms it was told to use.
    """
    try:
        found: list[str] = current().devices()
    except Exception as error:  # JAX_PLATFORMS may name what is not there; many kinds of error
        msg = f"The backend {config.loaded()!r} finds no device ({_reason(error)})."
        raise ConfigError(msg) from error
    return found


def verify(choice: Choice) -> list[str]:
    """Return the devices seen if they are what was chosen; call it after Keras is imported.

    Keras itself does not: on TensorFlow `keras.device("gpu:0")` passes silently without one.

    Raises:
        ConfigError: The accelerator or that many devices are not there.
    """
    found = seen()
    wanted, source = choice.accelerator, choice.sources["accelerator"]
    kinds = _KINDS.get(wanted)
    usable = [name for name in found if kinds is None or name.partition(":")[0] in kinds]
    names = ", ".join(found)
    if not usable:
        msg = (
            f"No {wanted} ({source}) is there for {choice.backend}, which sees {names}; "
            f"use --accelerator auto, or install {choice.backend} with {wanted} support."
        )
        raise ConfigError(msg)
    if wanted == "cpu" and len(usable) < len(found):
        msg = (
            f"The accelerator cpu ({source}) comes too late: {choice.backend} already uses "
            f"{names}; choose before importing keras."
        )
        raise ConfigError(msg)
    if len(usable) < choice.devices:
        msg = (
            f"{choice.devices} devices ({choice.sources['devices']}) are more than "
            f"{choice.backend} sees ({names}); use --devices {len(usable)}."
        )
        raise ConfigError(msg)
    return found
