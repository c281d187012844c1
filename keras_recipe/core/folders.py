"""Whether a folder can be written to, known before the work whose result goes there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from keras_recipe.core.errors import InputError


def unwritable(folder: Path) -> str:
    """Return why nothing can be written to `folder`, "" if it can; the folder is not made."""
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    if not there.is_dir():
        return f"{there} is a file"
    try:
        with tempfile.TemporaryFile(dir=there):  # gone when closed
            return ""
    except OSError as error:
        return error.strerror or str(error)


def refuse_unwritable(folder: Path, option: str) -> None:
    """Refuse a folder that cannot be written to.

    Args:
        folder: The folder, there or not yet.
        option: What gave it: `"--output"`.

    Raises:
        InputError: With the reason.
    """
    if reason := unwritable(folder):
        msg = f"Nothing can be written to {str(folder)!r} ({reason}); choose another {option}."
        raise InputError(msg)
