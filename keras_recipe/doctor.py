"""What this installation can do: versions, backend, devices, keras.json, log folder."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from keras_recipe import __version__, config, keras_json, startup
from keras_recipe.core.errors import ConfigError
from keras_recipe.core.folders import unwritable

PACKAGES = (
    *("keras-recipe", "keras", *config.BACKENDS),
    *("keras-tuner", "tensorboard", "scikit-learn", "numpy"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the diagnosis.

    Attributes:
        name: What was looked at.
        value: What was found, in one sentence or less.
        ok: False where something must be mended.
    """

    name: str
    value: str
    ok: bool = True


def diagnose(
    backend: str | None = None,
    accelerator: str | None = None,
    devices: int | None = None,
    log_dir: str | os.PathLike[str] = "runs",
) -> list[Row]:
    """Look at everything a run needs; a fault becomes a row, never an exception.

    Keras is imported with the backend chosen, as any other command would.

    Args:
        backend: As in `config.choose`.
        accelerator: Likewise.
        devices: Likewise.
        log_dir: The folder that logs will go to; it is not made.

    Returns:
        Rows named python, system, one for each package, keras.json, backend, devices and
        log folder.
    """
    return [
        Row("python", platform.python_version()),
        Row("system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        *(Row(package, _version(package)) for package in PACKAGES),
        _keras_json(),
        *_backend(backend, accelerator, devices),
        _log_folder(Path(log_dir)),
    ]


def usable(rows: list[Row]) -> bool:
    """Return whether backend and devices are as they should be."""
    return all(row.ok for row in rows if row.name in ("backend", "devices", "keras.json"))


def data(rows: list[Row]) -> list[dict[str, Any]]:
    """Return the rows as plain JSON data."""
    return [asdict(row) for row in rows]


def table(rows: list[Row]) -> Table:
    """Return the rows for a terminal."""
    grid = Table(box=None, pad_edge=False, show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        mark = Text("ok", style="green") if row.ok else Text("BAD", style="bold red")
        grid.add_row(mark, Text(row.name), Text(row.value))
    return grid


def _version(package: str) -> str:
    if package == "keras-recipe":
        return __version__
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        if not config.installed(package):
            return "not installed"
    others = metadata.packages_distributions().get(package, ())  # tensorflow-cpu, …
    return (
        ", ".join(f"{metadata.version(name)} ({name})" for name in others) or "unknown version"
    )


def _keras_json() -> Row:
    path = keras_json.location()
    try:
        found = keras_json.read(path)
    except ConfigError as error:
        return Row("keras.json", str(error), ok=False)
    if not path.is_file():
        return Row("keras.json", f"{path}, not there yet (Keras writes it)")
    if keras_json.untouched(found) and not {"accelerator", "devices"} & found.keys():
        return Row("keras.json", f"{path}, as Keras writes it")
    said = ", ".join(f"{name}={found[name]!r}" for name in config.NAMES if name in found)
    return Row("keras.json", f"{path}, says {said or 'nothing of the backend'}")


def _backend(backend: str | None, accelerator: str | None, devices: int | None) -> list[Row]:
    try:
        choice = config.choose(backend, accelerator, devices)
    except ConfigError as error:
        return [Row("backend", str(error), ok=False)]
    try:
        found = startup.start(choice)
    except ConfigError as error:
        return [Row("backend", choice.reason), Row("devices", str(error), ok=False)]
    return [Row("backend", choice.reason), Row("devices", ", ".join(found))]


def _log_folder(folder: Path) -> Row:
    reason = unwritable(folder)
    if reason:
        return Row(
            "log folder", f"{folder} cannot be written ({reason}); use --log-dir", ok=False
        )
    return Row("log folder", f"{folder} can be written")
