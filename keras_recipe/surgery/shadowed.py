"""Layers whose calls go through functions of ours for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Around = Callable[[str, Any], Callable[..., Any]]


@contextmanager
def shadowed(layers: Iterable[tuple[str, Any]], around: Around) -> Iterator[None]:
    """Have other functions called in the place of layers' `call`, inside the `with` block.

    They stand on the instances and are gone afterwards, whatever happens. A layer that has
    such a `call` of its own already, the user's or that of another block, is left alone.

    Args:
        layers: `(path, layer)`; a layer that is there twice is shadowed once.
        around: Takes path and layer, before it is shadowed; returns what is called then.
    """
    done = []
    try:
        for path, layer in layers:
            if "call" not in vars(layer):
                vars(layer)["call"] = around(path, layer)
                done.append(layer)
        yield
    finally:
        for layer in done:
            vars(layer).pop("call", None)
