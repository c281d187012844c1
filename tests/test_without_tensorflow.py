"""What the other backends do must not need TensorFlow, installed or not."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
sys.modules["tensorflow"] = None  # importing it fails, as where it is not installed
import numpy as np
import keras
import keras_recipe
from keras_recipe.callbacks import RecipeTensorBoard

assert keras.backend.backend() == {backend!r}
x = np.random.rand(96, 8).astype("float32")
y = (x.sum(1) > 4).astype("float32")
model = keras_recipe.RecipeModel(
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
)
model.compile("adam", "binary_crossentropy")
report = model.check(x, y)
assert report.counts["error"] == 0, report
model.fit(x, y, epochs=2, verbose=0, callbacks=[RecipeTensorBoard({folder!r} + "/log")])
model.save({folder!r} + "/model.keras")
again = keras.saving.load_model({folder!r} + "/model.keras")
assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
print("done", report.counts)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_main_job_works_where_tensorflow_cannot_be_imported(backend, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(backend=backend, folder=str(tmp_path))],
        env={"KERAS_BACKEND": backend, "KERAS_HOME": str(tmp_path), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "done" in done.stdout
