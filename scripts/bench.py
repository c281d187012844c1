"""What the package costs, as ratios to plain Keras measured in the same run.

KERAS_BACKEND=jax python scripts/bench.py overhead|check|import
KERAS_BACKEND=jax python scripts/bench.py zoo|fixes [--only NAME] [--seeds 0] [--out FILE] ...

overhead  epochs with all default monitors over plain epochs
check     seconds of check() on a convnet and 60,000 images; memory beyond that of the training
import    `import keras_recipe` over `import keras`
zoo       check() and fit() on the sick and healthy programs of tests/zoo: what is found
fixes     the first fix of each sick program applied, and the program checked again
agree     FILE FILE ...: verdicts of `zoo --out` on several backends side by side
peers     torchtest2 and neural-net-checklist on the same programs (torch, if installed)
"""

from __future__ import annotations

import importlib
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROUNDS = 9
EPOCHS = 6  # of each run; the first, which traces, is left out
IMAGES = 60_000
IMPORTS = 7


def _models() -> dict[str, tuple[Callable[[], Any], Any, Any, int]]:
    """Return builder, data and batch size by name."""
    import numpy as np
    from keras import Input, Sequential, layers

    random = np.random.default_rng(0)
    digits = random.random((1792, 64), "float32")
    images = random.random((512, 28, 28, 1), "float32")
    series = random.random((1024, 24, 8), "float32")

    def labels(rows: int) -> Any:
        return random.integers(0, 10, rows).astype("int32")

    def mlp() -> Any:
        hidden = layers.Dense(32, activation="relu")
        return Sequential([Input((64,)), hidden, layers.Dense(10, activation="softmax")])

    def convnet() -> Any:
        return Sequential(
            [
                Input((28, 28, 1)),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                layers.Dropout(0.25),
                layers.Dense(48, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        )

    def lstm() -> Any:
        return Sequential([Input((24, 8)), layers.LSTM(32), layers.Dense(10, "softmax")])

    return {
        "tiny MLP": (mlp, digits, labels(1792), 32),
        "LSTM": (lstm, series, labels(1024), 32),
        "convnet": (convnet, images, labels(512), 64),
    }


def _compiled(build: Callable[[], Any]) -> Any:
    import keras

    keras.utils.set_random_seed(0)
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def overhead() -> None:
    """Print epoch seconds with and without the default monitors, interleaved."""
    import keras

    import keras_recipe

    class Clock(keras.callbacks.Callback):
        """Times each epoch from begin to end, whatever else listens."""

        def __init__(self) -> None:
            super().__init__()
            self.marks: list[float] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.marks.append(time.perf_counter())

        @property
        def seconds(self) -> list[float]:
            return [b - a for a, b in zip(self.marks, self.marks[1:], strict=False)]

    print(f"backend {keras.backend.backend()}, {ROUNDS} rounds of {EPOCHS} epochs, medians")
    for name, (build, x, y, size) in _models().items():
        plain, watched = _compiled(build), keras_recipe.RecipeModel(_compiled(build))
        times: dict[str, list[float]] = {"plain": [], "watched": []}
        for _ in range(ROUNDS):
            for label, model in (("plain", plain), ("watched", watched)):
                clock = Clock()
                model.fit(x, y, batch_size=size, epochs=EPOCHS, verbose=0, callbacks=[clock])
                times[label] += clock.seconds
        base, ours = (statistics.median(times[k]) for k in ("plain", "watched"))
        step = 1000 * base / (len(x) / size)
        print(
            f"{name:10} plain {base:.4f} s an epoch ({step:.2f} ms a step), "
            f"watched {ours:.4f} s, ratio {ours / base:.3f}"
        )


def _peak(*, examined: bool) -> None:
    """Print the peak memory in MiB of a training, and the report if `check()` came before."""
    import numpy as np

    import keras_recipe

    random = np.random.default_rng(0)
    y = random.integers(0, 10, IMAGES).astype("int32")
    x = random.random((IMAGES, 28, 28, 1), "float32")
    x[np.arange(IMAGES), y, y] += 2  # something to learn
    model, said = _compiled(_models()["convnet"][0]), ""
    if examined:
        report = keras_recipe.check(model, x, y, batch_size=64, epochs=5)
        slow = sorted(report.results, key=lambda r: -r.seconds)[:5]
        said = (
            f"check() of {model.count_params():,} parameters on {IMAGES:,} images took "
            f"{report.facts['seconds']} s\nslowest: "
            + ", ".join(f"{r.code} {r.seconds:.1f} s" for r in slow)
            + "\nstatuses: "
            + ", ".join(f"{k} {v}" for k, v in report.counts.items())
        )
    model.fit(x, y, batch_size=64, epochs=1, steps_per_epoch=50, verbose=0)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, said)


def check() -> None:
    """Print what `check()` of a convnet and 60,000 images takes: seconds, and peak memory."""
    import keras

    peaks = {}
    for part in ("fit", "check+fit"):
        command = [sys.executable, __file__, part]
        made = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        peak, _, said = made.partition(" ")
        peaks[part] = float(peak)
    data = IMAGES * 28 * 28 * 4 / 2**20
    added = peaks["check+fit"] - peaks["fit"]
    print(f"backend {keras.backend.backend()}: {said.strip()}")
    print(
        f"peak memory: training alone {peaks['fit']:.0f} MiB, with check() before it "
        f"{peaks['check+fit']:.0f} MiB: {added / data:.2f} x the data ({data:.0f} MiB) more"
    )


def imports() -> None:
    """Print how much longer `import keras_recipe` takes after `import keras`."""
    code = (
        "import time, keras; t = time.perf_counter(); import keras_recipe; "
        "print(time.perf_counter() - t)"
    )
    found = [
        float(
            subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
        )
        for _ in range(IMPORTS)
    ]
    print(f"import keras_recipe: {1000 * statistics.median(found):.1f} ms over import keras")


def _zoo(command: str, arguments: list[str]) -> None:
    """Call the command of the zoo's own runner."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    home = "zoo.peers" if command == "peers" else "zoo.measures"
    getattr(importlib.import_module(home), command)(arguments)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in ("zoo", "fixes", "agree", "peers"):
        _zoo(sys.argv[1], sys.argv[2:])
        raise SystemExit
    jobs = {"overhead": overhead, "check": check, "import": imports}
    jobs |= {"fit": lambda: _peak(examined=False), "check+fit": lambda: _peak(examined=True)}
    if len(sys.argv) != 2 or sys.argv[1] not in jobs:
        raise SystemExit(__doc__)
    jobs[sys.argv[1]]()
