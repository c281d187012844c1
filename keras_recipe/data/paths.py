"""Data that is named by a path: a folder of class folders, a CSV or a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.class_folders import open_folder
from keras_recipe.data.folder_index import KINDS
from keras_recipe.data.sources import Source
from keras_recipe.data.tables import ENDINGS, open_table

_COLOURS = {1: "grayscale", 3: "rgb", 4: "rgba"}


def _is_table(path: Path) -> bool:
    if path.is_dir():
        inside = (p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
        if any(f.suffix.lower() in KINDS for folder in inside for f in folder.iterdir()):
            return False  # a list of labels lies beside the class folders
        return any(p.suffix.lower() in ENDINGS for p in path.iterdir() if p.is_file())
    return path.suffix.lower() in ENDINGS


def open_path(
    x: str | Path, y: Any = None, sample_weight: Any = None, **options: Any
) -> Source:
    """Return the source that a path names.

    Args:
        x: A folder of class folders, a `.csv`, `.tsv` or `.parquet` file, or a folder of these.
        y: For a table the name of the target's column; None otherwise.
        sample_weight: None: files carry no weights.
        **options: Further arguments of `open_folder` or `open_table`; those of the other one
            are left out.

    Raises:
        InputError: There is nothing there, or nothing of these kinds.
    """
    path = Path(x).expanduser()
    if not path.exists():
        msg = f"There is no file or folder {str(x)!r}."
        raise InputError(msg)
    if sample_weight is not None:
        msg = "`sample_weight` must not be given with a path: files carry no weights."
        raise InputError(msg)
    if _is_table(path):
        if y is not None and not isinstance(y, str):
            msg = f"With a table `y` is the name of a column. Received: {type(y).__name__}"
            raise InputError(msg)
        return open_table(path, y, like=options.get("like"))
    if not path.is_dir():
        msg = (
            f"{str(x)!r} is no table and no folder. Expected a file that ends in "
            f"{', '.join(ENDINGS)}, or a folder of class folders."
        )
        raise InputError(msg)
    if y is not None:
        msg = f"`y` must not be given with a folder: its class folders are the labels of {x}."
        raise InputError(msg)
    like = options.pop("like", None)
    if like is not None and like.classes:
        options["class_names"] = like.classes
    return open_folder(path, **options)


def fitting(model: Any) -> dict[str, Any]:
    """Return how a folder has to be read so that it fits the model: sizes, colours, labels.

    Without a model images keep their own size, as far as one size for all can be theirs.
    """
    if model is None:
        return {"image_size": None}
    found: dict[str, Any] = {}
    shapes = [tensor.shape for tensor in getattr(model, "inputs", None) or []]
    shape = tuple(shapes[0][1:]) if len(shapes) == 1 else ()
    if len(shape) == 3:
        first = shape[0] in _COLOURS and shape[2] not in _COLOURS
        size, channels = (shape[1:], shape[0]) if first else (shape[:2], shape[2])
        found = {"image_size": size} if all(size) else {}
        found |= {"color_mode": _COLOURS[channels]} if channels in _COLOURS else {}
    elif len(shape) == 2:
        found = {"output_sequence_length": shape[0], "channels": shape[1]}
    loss = getattr(model, "loss", None)
    name = str(getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss).lower()
    if "sparse" not in name and name.startswith("categorical"):
        found["label_mode"] = "categorical"
    return found


def _size(x: Source, kind: str) -> dict[str, Any]:
    """Return the size that the files of another split are brought to: that of these."""
    shape = tuple(np.shape(x.first.x))[1:]
    if kind == "sound" and len(shape) == 2:
        return {"output_sequence_length": shape[0], "channels": shape[1]}
    if kind == "image" and len(shape) == 3:
        first = keras.config.image_data_format() == "channels_first"
        return {"image_size": shape[1:] if first else shape[:2]}
    return {}


def _is_path(value: Any) -> bool:
    return isinstance(value, str | Path)


def opened(model: Any, x: Any, y: Any, **held: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Return `x`, `y` and the other splits with every path opened to fit the model.

    Held-out files are read like the training files: the same numbers for classes and words.

    Args:
        model: The model whose inputs say how images are read.
        x: What `check` was given.
        y: Likewise.
        **held: `validation_data` and `test_data`: a path, or a path and a column's name.
    """
    options = fitting(model)
    if _is_path(x):
        x, y = open_path(x, y, **options), None
    like = x.files if isinstance(x, Source) else None
    column = None if like is None else like.target
    if isinstance(x, Source) and like is not None:
        options |= _size(x, like.kind)
    found = {}
    for name, data in held.items():
        pair = data if isinstance(data, tuple | list) and data else (data,)
        if _is_path(pair[0]):
            target = pair[1] if len(pair) > 1 else column
            data = open_path(pair[0], target, *pair[2:], like=like, **options)
        found[name] = data
    return x, y, found
