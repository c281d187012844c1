"""A folder with a folder for each class, as `keras.utils.*_dataset_from_directory` reads it."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import UnidentifiedImageError

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch
from keras_recipe.data.files import FEW, Files, Notes
from keras_recipe.data.folder_index import KINDS, Index, index, named
from keras_recipe.data.pictures import (
    ImageReader,
    SoundReader,
    TextReader,
    measured,
    middle_size,
)
from keras_recipe.data.sources import Source

KERAS_SIZE = (256, 256)  # of image_dataset_from_directory
BATCH = 32  # rows of Keras's own datasets
PART = 8 * BATCH  # files another process is sent at a time
MOST_SAMPLES = 2**20  # of a sound: 22 s of 48 kHz
MOST_CHARACTERS = 2**16  # of a text
CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


def _why(path: Path, error: Exception) -> str:
    """Return in a few words why a file could not be read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            begins = file.read(16)
    except OSError as other:
        return str(other.strerror or said(other))
    if not size:
        return "it is empty (0 bytes)"
    if isinstance(error, UnidentifiedImageError):
        return f"it is no image (it begins with {begins!r})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return said(error, 120) or type(error).__name__


def _read(
    reader: Any, folder: Path, paths: Sequence[str], labels: np.ndarray | None, notes: Notes
) -> Iterator[Batch]:
    """Yield the files that can be read in batches, noting the others."""
    for start in range(0, len(paths), BATCH):
        rows, kept = [], []
        for at in range(start, min(start + BATCH, len(paths))):
            path, place = Path(paths[at]), named(paths[at], folder)
            try:
                rows.append(reader(path, place, notes))
                kept.append(at)
            except Exception as error:  # noqa: BLE001  decoders raise whatever they like
                notes.add("unreadable", f"{place}: {_why(path, error)}", place)
        notes.read += len(kept)
        if rows:
            yield Batch(np.stack(rows), None if labels is None else labels[kept])


def broken_among(paths: Sequence[str], seconds: float = 10.0) -> str:
    """Return which of some files cannot be read, as the end of a sentence; `""` if none.

    Args:
        paths: The files that a dataset reads.
        seconds: Time after which no more files are tried.
    """
    readers: dict[str, Any] = {
        "image": ImageReader((1, 1)),
        "sound": SoundReader(1, 1),
        "text": TextReader(1),
    }
    began, bad = time.perf_counter(), []
    for path in map(Path, paths):
        reader = readers.get(KINDS.get(path.suffix.lower(), ""))
        try:
            if reader is not None:
                reader(path, path.name, Notes())
        except Exception as error:  # noqa: BLE001  as above
            bad.append(f"{path.parent.name}/{path.name}: {_why(path, error)}")
        if len(bad) == FEW or time.perf_counter() - began > seconds:
            break
    return f" (files that cannot be decoded: {'; '.join(bad)})" if bad else ""


def _part(
    reader: Any, folder: Path, paths: Sequence[str], labels: np.ndarray | None
) -> Iterator[Batch]:
    return _read(reader, folder, paths, labels, Notes())


def _images(image_size: Any, color_mode: str) -> ImageReader:
    size = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    whole = all(isinstance(n, int | np.integer) and n > 0 for n in size)
    if len(size) != 2 or not whole or color_mode not in CHANNELS:
        msg = (
            "`image_size` must be height and width, `color_mode` one of "
            f"{', '.join(CHANNELS)}. Received: {image_size!r}, {color_mode!r}"
        )
        raise InputError(msg)
    first = keras.config.image_data_format() == "channels_first"
    return ImageReader((int(size[0]), int(size[1])), CHANNELS[color_mode], first)


def _sounds(paths: Sequence[str], length: int | None, channels: int | None) -> SoundReader:
    longest, most = 1, 1
    if length is None or channels is None:
        for path in paths:
            try:
                found = measured(Path(path))
            except Exception:  # noqa: BLE001  it is noted when it is read
                continue
            longest, most = max(longest, found[0]), max(most, found[1])
    return SoundReader(length or min(longest, MOST_SAMPLES), channels or most)


def _reader(found: Index, options: dict[str, Any]) -> Any:
    length = options["output_sequence_length"]
    if found.kind == "image":
        size = options["image_size"]
        size = middle_size(found.paths, KERAS_SIZE) if size is None else size
        return _images(size, options["color_mode"])
    if found.kind == "sound":
        return _sounds(found.paths, length, options["channels"])
    sizes = [Path(path).stat().st_size for path in found.paths if Path(path).exists()]
    return TextReader(max(1, min(max(sizes, default=1), MOST_CHARACTERS)))


def _labels(found: Index, label_mode: str | None) -> np.ndarray | None:
    if label_mode is None or found.labels is None:
        return None
    if label_mode == "int":
        return found.labels
    if label_mode == "categorical":
        return np.eye(len(found.classes), dtype="float32")[found.labels]
    if label_mode == "binary" and len(found.classes) == 2:
        return found.labels.astype("float32")[:, None]
    msg = (
        "`label_mode` must be 'int', 'categorical', None, or 'binary' for two classes. "
        f"Received: {label_mode!r} with {len(found.classes)} classes"
    )
    raise InputError(msg)


def open_folder(
    folder: str | Path,
    *,
    image_size: Any = KERAS_SIZE,
    color_mode: str = "rgb",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    output_sequence_length: int | None = None,
    channels: int | None = None,
) -> Source:
    """Return the files of a folder as a source, with labels from the names of its folders.

    The arguments mean what they mean in `keras.utils.image_dataset_from_directory` and its
    sisters, and the rows are theirs. Files that cannot be decoded are left out and noted.

    Args:
        folder: A folder of class folders, or of files without labels.
        image_size: Height and width of the images; None for the middle one of those there
            are, at most 256 x 256.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
        label_mode: `"int"`, `"categorical"`, `"binary"` or None.
        class_names: The classes in their order; the sorted folders when None.
        output_sequence_length: Samples of a sound; those of the longest, up to 2^20, if None.
        channels: Channels of a sound; the most there are when None.

    Raises:
        InputError: There is no such folder, no file that can be read, or an odd argument.
    """
    root = Path(folder)
    if not root.is_dir():
        msg = f"There is no folder {str(folder)!r}."
        raise InputError(msg)
    found = index(root, class_names)
    options = {
        "image_size": image_size,
        "color_mode": color_mode,
        "output_sequence_length": output_sequence_length,
        "channels": channels,
    }
    reader, labels = _reader(found, options), _labels(found, label_mode)
    files = Files(str(folder), found.kind, len(found.paths), found.classes)

    def batches() -> Iterator[Batch]:
        notes = Notes()
        yield from _read(reader, root, found.paths, labels, notes)
        notes.merge(found.notes)
        files.notes = notes

    first = next(_part(reader, root, found.paths, labels), None)
    if first is None:
        failed = Notes()
        list(_read(reader, root, found.paths[:1], None, failed))
        reason = next(iter(failed.of("unreadable")), "")
        msg = (
            f"None of the {len(found.paths)} {found.kind} files of {str(folder)!r} can be "
            f"read ({reason})."
        )
        raise InputError(msg)
    parts = []
    for start in range(0, len(found.paths), PART):
        rows = slice(start, start + PART)
        mine = None if labels is None else labels[rows]
        parts.append(functools.partial(_part, reader, root, found.paths[rows], mine))
    return Source(
        batches,
        first,
        None,
        f"folder of {found.kind} files",
        partitions=tuple(parts),
        files=files,
    )
