"""A line that says what is going on, in a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console


@contextmanager
def progress_of(verbose: Any) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows which rung is tried; silent where nobody looks."""
    shown = sys.stderr.isatty() if verbose == "auto" else bool(verbose)
    if not shown:
        yield lambda _: None
        return
    with Console(stderr=True).status("making the first model") as status:
        yield lambda text: status.update(text)
