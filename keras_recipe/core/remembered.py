"""What is costly to make and the same each time is made once, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_MADE: ContextVar[list[tuple[list[Any], Any]] | None] = ContextVar("made", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Let `remembered` find what it made before; at the end of the block all is forgotten."""
    token = _MADE.set([])
    try:
        yield
    finally:
        _MADE.reset(token)


def is_remembering() -> bool:
    """Say whether `remembered` will find again what it makes now."""
    return _MADE.get() is not None


def remembered(of: Sequence[Any], make: Callable[[], Any]) -> Any:
    """Return what `make` made for the same objects before, or make it now.

    Args:
        of: The objects it is made of, compared by identity; they are held meanwhile.
        make: Makes it; called every time outside of `remembering`.
    """
    made = _MADE.get()
    if made is None:
        return make()
    for key, value in made:
        if len(key) == len(of) and all(a is b for a, b in zip(key, of, strict=True)):
            return value
    value = make()
    made.append((list(of), value))
    return value
