"""Which backend and accelerator, decided before Keras is imported; imports no Keras."""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from keras_recipe import keras_json
from keras_recipe.core.errors import ConfigError

BACKENDS = ("tensorflow", "jax", "torch")  # Keras's default first, then as Keras lists them
NAMES = ("backend", "accelerator", "devices")
ACCELERATORS = ("auto", "cpu", "gpu", "tpu")
GPUS = ("gpu", "cuda", "rocm", "mps", "xpu", "metal")  # what the backends call one
_WORDS = {"tf": "tensorflow", "pytorch": "torch", **dict.fromkeys(GPUS, "gpu")}
_HOST_DEVICES = "--xla_force_host_platform_device_count"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What was chosen, and who said so.

    Attributes:
        backend: One of `BACKENDS`.
        accelerator: One of `ACCELERATORS`; `"auto"` leaves it to the backend.
        devices: Number of devices to train on, 1 or more.
        sources: Where each of the three comes from, by name.
        environment: Variables the backend needs before Keras is imported; None unsets one.
    """

    backend: str
    accelerator: str
    devices: int
    sources: Mapping[str, str]
    environment: Mapping[str, str | None]

    @property
    def reason(self) -> str:
        """What was chosen and why, in one sentence."""
        devices = f"{self.devices} device{'s' * (self.devices > 1)}"
        return (
            f"Backend {self.backend} ({self.sources['backend']}), "
            f"accelerator {self.accelerator} ({self.sources['accelerator']}), "
            f"{devices} ({self.sources['devices']})."
        )


def installed(backend: str) -> bool:
    """Return whether the library of `backend` can be found; it is not imported."""
    try:
        spec = importlib.util.find_spec(backend)
    except ValueError:  # a module put into sys.modules by hand
        return True
    return spec is not None and spec.origin is not None  # no origin: only an empty folder


def loaded() -> str | None:
    """Return the backend Keras was imported with, or None before that."""
    keras = sys.modules.get("keras")
    return keras.config.backend() if hasattr(keras, "config") else None  # type: ignore[union-attr]


def _word(value: Any, source: str, name: str, known: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        expected = ", ".join(known)
        msg = f"The {name} ({source}) must be one of {expected}. Received: {value!r}"
        raise ConfigError(msg)
    if value in known:
        return value
    lower = value.strip().lower()
    near = [_WORDS[lower]] if _WORDS.get(lower) in known else []
    near = near or difflib.get_close_matches(lower, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}."
    msg = f"Unknown {name} {value!r} ({source}); {hint}"
    raise ConfigError(msg)


def _count(value: Any, source: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"The number of devices ({source}) must be 1 or more. Received: {value!r}"
        raise ConfigError(msg)
    return value


def _default_backend() -> tuple[str, str]:
    if running := loaded():
        return running, "Keras is already imported with it"
    for name in BACKENDS:
        if installed(name):
            return name, "Keras's default" if name == BACKENDS[0] else "the first one installed"
    msg = "Keras needs a backend and none is installed; pip install 'keras-recipe[jax]'."
    raise ConfigError(msg)


def choose(
    backend: str | None = None,
    accelerator: str | None = None,
    devices: int | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Choice:
    """Decide on the backend, the accelerator and the number of devices; change nothing.

    Each comes from the first of: the argument (the command line), its variable
    (KERAS_BACKEND, KERAS_ACCELERATOR, KERAS_DEVICES; empty means unset), keras.json, the
    default. On torch KERAS_TORCH_DEVICE counts as a variable too, after KERAS_ACCELERATOR.

    Args:
        backend: `"tensorflow"`, `"jax"` or `"torch"`. By default Keras's own default, or the
            first one installed where that is missing.
        accelerator: `"auto"` (default: what the backend finds), `"cpu"`, `"gpu"` or `"tpu"`.
        devices: How many to train on; 1 by default.
        environment: The variables to read.

    Raises:
        ConfigError: A word is unknown, keras.json is corrupt, or the backend is not installed
            or cannot do what is asked.
    """
    arguments = {"backend": backend, "accelerator": accelerator, "devices": devices}
    given = {name: (v, f"--{name}") for name, v in arguments.items() if v is not None}
    given = {**_variables(environment), **given}
    picked = {**_file(environment), **given}
    chosen, backend_source = _installed(*(picked.get("backend") or _default_backend()))
    if chosen == "torch" and "accelerator" not in given:
        picked |= _torch_device(environment)
    accelerator, source = picked.get("accelerator", ("auto", "default"))
    accelerator = _word(accelerator, source, "accelerator", ACCELERATORS)
    devices, devices_source = picked.get("devices", (1, "default"))
    devices = _count(devices, devices_source)
    _possible(chosen, (accelerator, source), (devices, devices_source))
    return Choice(
        backend=chosen,
        accelerator=accelerator,
        devices=devices,
        sources={"backend": backend_source, "accelerator": source, "devices": devices_source},
        environment=_needed(chosen, accelerator, devices, environment),
    )


def _file(environment: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    path = keras_json.location(environment)
    found = keras_json.read(path)
    silent = {"backend"} if keras_json.untouched(found) else set()
    return {n: (found[n], str(path)) for n in NAMES if n in found and n not in silent}


def _variables(environment: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    names = {name: f"KERAS_{name.upper()}" for name in NAMES}
    return {n: (environment[v], v) for n, v in names.items() if environment.get(v)}


def _torch_device(environment: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    kind = environment.get("KERAS_TORCH_DEVICE", "").partition(":")[0]
    known = kind in ("cpu", *GPUS)  # "meta" and the like are left alone
    return {"accelerator": (_WORDS.get(kind, kind), "KERAS_TORCH_DEVICE")} if known else {}


def _installed(backend: Any, source: str) -> tuple[str, str]:
    name = _word(backend, source, "backend", BACKENDS)
    if not installed(name):
        msg = (
            f"The backend {name!r} ({source}) is not installed; "
            f"pip install 'keras-recipe[{name}]', or choose another with --backend."
        )
        raise ConfigError(msg)
    return name, source


def _possible(backend: str, accelerator: tuple[str, str], devices: tuple[int, str]) -> None:
    if backend == "jax":
        return
    if accelerator[0] == "tpu":
        msg = (
            f"The accelerator 'tpu' ({accelerator[1]}) needs --backend jax. Received: {backend}"
        )
        raise ConfigError(msg)
    if devices[0] > 1:
        msg = (
            f"Training on {devices[0]} devices ({devices[1]}) needs --backend jax, where alone "
            f"Keras shares a batch out among devices. Received: {backend}"
        )
        raise ConfigError(msg)


def _needed(
    backend: str, accelerator: str, devices: int, environment: Mapping[str, str]
) -> dict[str, str | None]:
    """Return the variables to set (None: unset) before Keras is imported."""
    needed: dict[str, str | None] = {"KERAS_BACKEND": backend}
    platforms = environment.get("JAX_PLATFORMS", "")
    if backend == "jax":
        if accelerator == "cpu":
            needed["JAX_PLATFORMS"] = "cpu"
        elif accelerator != "auto" and platforms and not _names(platforms, accelerator):
            needed["JAX_PLATFORMS"] = None  # let JAX look for itself
        if devices > 1 and accelerator in ("auto", "cpu"):
            flags = re.sub(rf"{_HOST_DEVICES}=\S*", "", environment.get("XLA_FLAGS", ""))
            needed["XLA_FLAGS"] = f"{flags.strip()} {_HOST_DEVICES}={devices}".strip()
    elif accelerator == "cpu":
        needed["CUDA_VISIBLE_DEVICES"] = "-1"
    if backend == "torch" and accelerator == "cpu":
        needed["KERAS_TORCH_DEVICE"] = "cpu"
    elif backend == "torch" and accelerator == "gpu":
        device = environment.get("KERAS_TORCH_DEVICE", "")
        if device and not _names(device, "gpu"):
            needed["KERAS_TORCH_DEVICE"] = None  # Keras takes the GPU it finds
    return needed


def _names(words: str, accelerator: str) -> bool:
    kinds = [word.partition(":")[0] for word in words.split(",")]
    return any(_WORDS.get(kind, kind) == accelerator for kind in kinds)


def apply(choice: Choice, environment: MutableMapping[str, str] = os.environ) -> None:
    """Set the variables that the choice needs; call it before Keras is imported.

    Args:
        choice: What `choose` returned.
        environment: The variables to change.

    Raises:
        ConfigError: Keras is already imported with another backend; nothing was changed.
    """
    running = loaded()
    if running not in (None, choice.backend):
        msg = (
            f"Keras is already imported with backend {running!r}, so {choice.backend!r} "
            f"({choice.sources['backend']}) comes too late; choose before importing keras."
        )
        raise ConfigError(msg)
    for name, value in choice.environment.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
