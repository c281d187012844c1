"""Searches of this package beside plain KerasTuner: same winners, time and memory.

Called by bench.py: `KERAS_BACKEND=torch python scripts/bench.py search`.
"""

from __future__ import annotations

import contextlib
import io
import resource
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

TRIALS, EPOCHS, MEMORY_TRIALS = 8, 4, 50


def _rows() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    from keras_recipe.data.batch import Batch

    data = load_digits()
    x, y = (data.images / 16).reshape(-1, 64).astype("float32"), data.target.astype("int32")
    return Batch(x[:1200], y[:1200]), Batch(x[1200:], y[1200:])


def build(hp: Any) -> Any:
    """Return a compiled classifier."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(hp.Int("units", 16, 128, step=16), activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


def _ours(method: str, trials: int, tell: Any = lambda _: None) -> Any:
    from keras_recipe.search.plan import SearchPlan
    from keras_recipe.search.searching import search

    train, held = _rows()
    plan = SearchPlan(method=method, trials=trials, epochs=EPOCHS)
    with tempfile.TemporaryDirectory() as folder:
        return search(build, plan, train, held, folder=Path(folder), progress=tell).best


def _plain(method: str, trials: int) -> Any:
    """Return the best trial of KerasTuner alone, its trials seeded as ours are."""
    import keras
    import keras_tuner

    train, held = _rows()
    digits = len(str(trials))

    class Seeded(keras_tuner.HyperModel):
        begun = -1  # the first build only declares the space

        def build(self, hp: Any) -> Any:
            key = f"{Seeded.begun:0{digits}d}"
            keras.utils.set_random_seed(zlib.crc32(f"0 {key}".encode()) & 0x7FFFFFFF)
            Seeded.begun += 1
            return build(hp)

    kinds = {"random": keras_tuner.RandomSearch, "bayesian": keras_tuner.BayesianOptimization}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        tuner = kinds[method](
            Seeded(), "val_loss", trials, seed=1, directory=folder, project_name="plain"
        )
        tuner.search(
            train.x,
            train.y,
            validation_data=(held.x, held.y),
            epochs=EPOCHS,
            batch_size=32,
            callbacks=[keras.callbacks.EarlyStopping("val_loss", patience=5)],
            verbose=0,
        )
        return tuner.oracle.get_best_trials()[0]


def search() -> None:
    """Print winners and processor time side by side, then the memory of a long search."""
    import keras

    print(f"backend {keras.backend.backend()}, {TRIALS} trials of {EPOCHS} epochs")
    _ours("random", 2)  # imports and first compilations are nobody's
    for method in ("random", "bayesian"):
        seconds = {"plain": 0.0, "ours": 0.0}
        for name in ("plain", "ours", "ours", "plain"):
            began = time.process_time()  # a loaded machine does not change it
            found = (_plain if name == "plain" else _ours)(method, TRIALS)
            seconds[name] += time.process_time() - began
            if name == "plain":
                wanted = dict(found.hyperparameters.values), found.score
            else:
                had = dict(found.hyperparameters), found.score
        same = "the same winner" if wanted == had else f"OTHER WINNERS {wanted} {had}"
        ratio = seconds["ours"] / seconds["plain"]
        told = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
        print(f"{method:9} {same}; processor seconds {told}, ratio {ratio:.3f} (bar 1.05)")
    _memory()


def _memory() -> None:
    peaks: list[float] = []

    def tell(_: str) -> None:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    _ours("random", MEMORY_TRIALS, tell)
    print(
        f"peak memory after 5 trials {peaks[5]:.0f} MiB, after {len(peaks)} {peaks[-1]:.0f} "
        f"MiB, ratio {peaks[-1] / peaks[5]:.3f} (bar 1.2)"
    )
