"""The line that opens a log in the browser."""

from __future__ import annotations

import os
import shlex


def board_command(log_dir: str | os.PathLike[str]) -> str:
    """Return the line to type that shows `log_dir`.

    Example:
        >>> board_command("runs/my demo")
        "tensorboard --logdir 'runs/my demo'"
    """
    return f"tensorboard --logdir {shlex.quote(os.fspath(log_dir))}"
