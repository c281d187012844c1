"""Freed memory, given back to the system."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Have the C library return what has been freed; only glibc keeps it and can be asked.

    XLA's compiler frees tens of megabytes a program, in threads whose share nobody else gets.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
