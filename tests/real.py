"""Real data of `scripts/real_data.py`, or the test is skipped with a sentence."""

import os
from pathlib import Path

import pytest


def path(name):
    """Where a file of the Keras home's `datasets` folder is."""
    found = Path(os.environ["KERAS_HOME"]) / "datasets" / name
    return (
        found
        if found.is_file()
        else pytest.skip(f"{name} is not there: scripts/real_data.py fetches it")
    )
