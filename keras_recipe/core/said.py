"""What an exception of someone else's says, in one line that a person can read."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_BOLD = re.compile(r"\x1b\[1m(.*?)\x1b\[0m", re.DOTALL)
_ARGUMENTS = re.compile(r"\s*Arguments received by .*", re.DOTALL)
_GRAPH = re.compile(r"^Graph execution error:.*\n\n(?=\S)|\s*\[\[\{\{node .*", re.DOTALL)
_NUMBERS = re.compile(r"\[[\[\s]*[-+]?[\d.][^A-Za-z]{60,}\]")


def said(error: object, most: int = 300) -> str:
    r"""Return the message of `error` on one line: no colours, no arrays, no argument lists.

    Args:
        error: What was raised.
        most: Characters kept.

    Example:
        >>> said(ValueError("Exception when calling f().\n\n\x1b[1mToo long\x1b[0m"))
        'Too long'
    """
    text = str(error)
    bold = _BOLD.search(text)  # Keras sets the reason in bold between the circumstances
    text = _COLOURS.sub("", bold.group(1) if bold else text)
    text = _GRAPH.sub("", _ARGUMENTS.sub("", text))  # TensorFlow's stack and node
    return " ".join(_NUMBERS.sub("[…]", text).split())[:most]
