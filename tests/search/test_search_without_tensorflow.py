"""Searches must not need TensorFlow on the other backends, installed or not."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

TESTS = Path(__file__).parents[1]
PROGRAM = """
import sys
sys.modules["tensorflow"] = None  # importing it fails, as where it is not installed
from pathlib import Path
from searching import searched
from keras_recipe.tensorboard import Writer

for method in ("random", "bayesian"):
    found = searched(Path({folder!r}) / method, method=method, trials=3, board=Writer)
    assert len(found.trials) == 3
    assert found.best.path.exists()
print("done")
"""


@pytest.mark.skipif(keras.config.backend() == "tensorflow", reason="it is what is missing")
def test_a_search_runs_where_tensorflow_cannot_be_imported(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(folder=str(tmp_path))],
        env={
            "KERAS_BACKEND": keras.config.backend(),
            "KERAS_HOME": str(tmp_path),
            "HOME": str(tmp_path),
            "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().endswith("done"), done.stderr[-2000:]
