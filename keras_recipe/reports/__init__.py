"""Shows a `Report`: console, HTML, JSON, JUnit XML, GitHub; each file has `render(report)`."""

from __future__ import annotations

import difflib
import importlib
import os
import secrets
from pathlib import Path

from keras_recipe.core.errors import ConfigError, InputError
from keras_recipe.core.report import Report

FORMATS = ("console", "json", "junit", "html", "github")
_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".xml": "junit",
    ".txt": "console",
}


def render(report: Report, format: str = "console") -> str:  # noqa: A002  as in --format
    """Return `report` as text.

    Args:
        report: What to show.
        format: One of `FORMATS`.

    Raises:
        ConfigError: The format is not known.
    """
    if format not in FORMATS:
        near = difflib.get_close_matches(str(format), FORMATS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        msg = f"Unknown report format {format!r}. The formats are {', '.join(FORMATS)}{hint}"
        raise ConfigError(msg)
    module = importlib.import_module(f"keras_recipe.reports.{format}")
    text: str = module.render(report)
    return text


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format that the suffix of a file chooses.

    Raises:
        ConfigError: It does not name one.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        msg = (
            f"The name {os.fspath(path)!r} does not say which format to write; "
            f"end it in one of {', '.join(_SUFFIXES)}, or give `format`."
        )
        raise ConfigError(msg)
    return _SUFFIXES[suffix]


def write(report: Report, path: str | os.PathLike[str], format: str | None = None) -> Path:  # noqa: A002
    """Write `report` to a file, whole or not at all, and return its path.

    Folders on the way are made. The text goes to a new file beside the old one, which it then
    replaces, so that a reader never meets half a report.

    Args:
        report: What to write.
        path: The file; its suffix chooses the format.
        format: One of `FORMATS`, whatever the suffix says.

    Raises:
        ConfigError: The format is not known, or the suffix does not name one.
        InputError: Nothing can be written there.
    """
    return write_file(render(report, format or format_of(path)), path)


def write_file(content: str | bytes, path: str | os.PathLike[str]) -> Path:
    """Write a report that is text, or a picture, to a file as `write` does.

    Raises:
        InputError: Nothing can be written there.
    """
    try:
        target = Path(path).resolve()
        if target.exists() and not target.is_file():
            msg = f"The report cannot be written to {os.fspath(path)!r}: it is not a file."
            raise InputError(msg)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, content)
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        msg = f"The report cannot be written to {os.fspath(path)!r}: {reason}."
        raise InputError(msg) from error
    return target


def _replace(target: Path, content: str | bytes) -> None:
    draft = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _notebook(report: Report) -> str:
    html = importlib.import_module("keras_recipe.reports.html")
    fragment: str = html.notebook(report)
    return fragment


Report.notebook = _notebook
