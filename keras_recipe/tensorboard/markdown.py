"""Text for TensorBoard's Text tab: tables and code whose content cannot break out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

# What Markdown reads as more than a character; `<`, `>` and `&` are HTML's and done apart.
_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~!])")


def escaped(text: object) -> str:
    r"""Return `text` on one line, shown as it is and never read as markup.

    Example:
        >>> escaped("a|b <c>")
        'a\\|b &lt;c&gt;'
    """
    line = " ".join(str(text).split())
    return _SPECIAL.sub(r"\\\1", html.escape(line, quote=False))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; every cell is escaped."""
    lines = [list(header), ["---"] * len(header)]
    lines += [[escaped(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Return `text` as a block in fixed-width letters."""
    return "\n".join(f"    {line}" for line in text.splitlines())
