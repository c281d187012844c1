"""Where `scripts/real_data.py` puts the data that some examples read."""

import os
import sys
from pathlib import Path


def path(name: str) -> Path:
    """Return where a file is, or end the example with a sentence if it is not there."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    found = home / "datasets" / name
    if not found.is_file():
        print(f"{found} is not there: `python scripts/real_data.py` fetches it.")
        sys.exit(0)
    return found
