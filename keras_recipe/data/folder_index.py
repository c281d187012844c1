"""Which files a folder of class folders holds, by the rule of Keras's dataset functions."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from keras_recipe.core.errors import InputError
from keras_recipe.data.files import Notes

ENDINGS = {
    "image": (".bmp", ".gif", ".jpeg", ".jpg", ".png"),  # as in Keras
    "sound": (".wav",),
    "text": (".txt",),
}
KINDS = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}


@dataclass(frozen=True)
class Index:
    """The files of a folder.

    Attributes:
        kind: `"image"`, `"sound"` or `"text"`: what most files are.
        paths: The files, class by class, as Keras sorts them.
        labels: Class number of each; None without class folders.
        classes: Names of the classes.
        notes: Folders that are empty, files that Keras does not read.
    """

    kind: str
    paths: tuple[str, ...]
    labels: np.ndarray | None
    classes: tuple[str, ...]
    notes: Notes


def _below(folder: Path) -> list[Path]:
    """Return the files below a folder in Keras's order; it reads hidden ones too."""
    found = []
    for place, _, names in sorted(os.walk(folder), key=lambda step: step[0]):
        found += [Path(place, name) for name in sorted(names)]
    return found


def index(folder: Path, classes: Sequence[str] | None = None) -> Index:
    """Return the files of a folder and their class numbers, by Keras's rule.

    Class folders are sorted by name, as with `labels="inferred"`; an empty one has a number
    too. Without class folders the files have no labels.

    Args:
        folder: The folder.
        classes: Names of the classes in their order; the sorted folders when None.

    Raises:
        InputError: It holds no file that Keras reads.
    """
    notes, folders = Notes(), sorted(p.name for p in folder.iterdir() if p.is_dir())
    folders = [name for name in folders if not name.startswith(".")]
    wanted = list(folders if classes is None else classes)
    for name in sorted(set(folders) - set(wanted)):
        notes.add("strange class", name, name)
    by_class = [_below(folder / name) for name in wanted] if folders else [_below(folder)]
    kinds = Counter(KINDS.get(p.suffix.lower(), "") for files in by_class for p in files)
    kinds.pop("", None)
    if not kinds:
        ends = ", ".join(end for endings in ENDINGS.values() for end in endings)
        msg = (
            f"The folder {str(folder)!r} holds no file that can be read. Expected folders of "
            f"classes with files that end in {ends}, or tables (.csv, .parquet)."
        )
        raise InputError(msg)
    kind = kinds.most_common(1)[0][0]
    paths, labels = [], []
    for number, files in enumerate(by_class):
        mine = [p for p in files if KINDS.get(p.suffix.lower()) == kind]
        for path in files:
            if path.suffix.lower() in _others(kind):
                notes.add("ignored", path.suffix.lower(), named(path, folder))
        if folders and not mine:
            notes.add("empty class", wanted[number], wanted[number])
        paths += [str(p) for p in mine]
        labels += [number] * len(mine)
    if folders:
        for path in sorted(p for p in folder.iterdir() if p.is_file()):
            if KINDS.get(path.suffix.lower()) == kind:
                notes.add("ignored", "outside of the class folders", path.name)
    numbers = np.array(labels, "int32") if folders else None
    return Index(kind, tuple(paths), numbers, tuple(wanted) if folders else (), notes)


def _others(kind: str) -> set[str]:
    """Return endings of files of the same kind that Keras does not look for."""
    if kind == "image":
        return set(Image.registered_extensions()) - set(KINDS)
    return {".mp3", ".flac", ".ogg", ".m4a", ".aif", ".aiff"} if kind == "sound" else set()


def named(path: Path | str, folder: Path) -> str:
    """Return the place of a file in a folder, as notes name it."""
    return Path(path).relative_to(folder).as_posix()
