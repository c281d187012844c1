"""Pictures and a table, in a notebook, as a PNG, on a page and in TensorBoard."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.reports import phrases, pictures, write_file
from keras_recipe.reports.templates import templates
from keras_recipe.tensorboard import Writer
from keras_recipe.tensorboard.markdown import escaped


@dataclass(frozen=True, eq=False)
class View:
    """What is looked at, ready to be shown anywhere.

    Attributes:
        title: Its title.
        note: What it is made of, one sentence.
        sheets: Pictures as plain data, as a `Report` has them.
        heads: Names of the columns of the table.
        rows: Its rows, texts.
        facts: The numbers behind it, plain data.
    """

    title: str
    note: str
    sheets: Sequence[Mapping[str, Any]]
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def _light(self) -> list[bytes]:
        return [pictures.render(sheet) for sheet in self.sheets]

    def picture(self) -> bytes:
        """Return all pictures, one under the other, as one PNG.

        Raises:
            InputError: There is nothing to draw.
        """
        if not self.sheets:
            msg = f"There is nothing to draw: {self.note}."
            raise InputError(msg)
        if len(self._light) == 1:
            return self._light[0]
        from PIL import Image

        parts = [Image.open(io.BytesIO(png)).convert("RGB") for png in self._light]
        size = max(part.width for part in parts), sum(part.height for part in parts)
        whole, top = Image.new("RGB", size, "white"), 0
        for part in parts:
            whole.paste(part, (0, top))
            top += part.height
        buffer = io.BytesIO()
        whole.save(buffer, "PNG")
        return buffer.getvalue()

    def to_png(self, path: str | os.PathLike[str]) -> Path:
        """Write `picture` to a file, whole or not at all, and return its path.

        Raises:
            InputError: Nothing can be written there, or there is nothing to draw.
        """
        return write_file(self.picture(), path)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one page that needs nothing else, whole or not at all, and return its path.

        Raises:
            InputError: Nothing can be written there.
        """
        return write_file(self._page("looking.html.jinja", dark=True), path)

    def to_tensorboard(
        self, log_dir: str | os.PathLike[str], *, tag: str = "recipe/looking", step: int = 0
    ) -> Path:
        """Write the pictures as images into a log folder, and return it.

        Args:
            log_dir: Folder of the run, made when missing.
            tag: Name of the images; a number follows where there are several.
            step: Step they are written at.

        Raises:
            InputError: The folder cannot be written to, or there is nothing to draw.
        """
        if not self.sheets:
            msg = f"There is nothing to draw: {self.note}."
            raise InputError(msg)
        drawn = self._light  # before a file is opened
        with Writer(log_dir) as writer:
            for number, png in enumerate(drawn):
                writer.image(f"{tag}/{number}" if len(drawn) > 1 else tag, png, step)
            writer.text(tag, _markdown(self.title, self.note), step)
        return Path(log_dir)

    def _page(self, template: str, *, dark: bool) -> str:
        night = [pictures.render(sheet, dark=True) for sheet in self.sheets] if dark else []
        shown = [
            {
                "title": sheet.get("title", ""),
                "light": _address(self._light[i]),
                "dark": _address(night[i]) if dark else "",
            }
            for i, sheet in enumerate(self.sheets)
        ]
        page = templates().get_template(template)
        return page.render(
            title=self.title, note=self.note, pictures=shown, heads=self.heads, rows=self.rows
        )

    def _repr_html_(self) -> str:
        return self._page("looking.body.jinja", dark=False)

    def __repr__(self) -> str:
        """Return title, note and table as text."""
        widths = [
            max(len(str(row[i])) for row in (self.heads, *self.rows))
            for i in range(len(self.heads))
        ]
        lines = [
            "  ".join(
                phrases.printable(c).ljust(w) for c, w in zip(row, widths, strict=True)
            ).rstrip()
            for row in (self.heads, *self.rows)
            if self.heads
        ]
        return "\n".join([self.title, self.note, *lines])


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _markdown(title: str, note: str) -> str:
    return f"**{escaped(title)}**\n\n{escaped(note)}"
