"""What the package costs, as ratios to plain Keras measured in the same run.

KERAS_BACKEND=jax python scripts/bench.py overhead|check|import|data|search
KERAS_BACKEND=jax python scripts/bench.py zoo|fixes [--only NAME] [--seeds 0] [--out FILE] ...

overhead  epochs with all default monitors over plain epochs (and those of a plain copy, whose
          ratio is chance alone), and peak memory likewise; on
          TensorFlow the monitor and RecipeTensorBoard beside Keras's TensorBoard
check     seconds of check() on a convnet and 60,000 images; memory beyond that of the training
import    `import keras_recipe` over `import keras`
zoo       check() and fit() on the sick and healthy programs of tests/zoo: what is found
fixes     the first fix of each sick program applied, and the program looked at again
agree     FILE FILE ...: verdicts of `zoo --out` on several backends side by side
data      seconds and memory of the checks of data: Fashion-MNIST, and a stream of 20 GB
          (--gigabytes N) in 1 GB of memory; hashing of all rows beside hashlib alone;
          flips, raters, probes: wrong labels found and counted, and what architectures need
search    searches beside plain KerasTuner on the same seeds: winners, seconds, memory
kills     searches, a ladder and a whole run killed again and again (--what
          tune|workers|ladder|run, --times 20): whether they end as if left alone
peers     torchtest2 and neural-net-checklist on the same programs (torch, if installed)
"""

from __future__ import annotations

import importlib
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

#: Many turns: what else runs on the machine changes from minute to minute.
ROUNDS = 12
EPOCHS = 8  # of each run; the first, which traces, is left out
IMAGES = 60_000
IMPORTS = 7
MEMORY_BAR = 1.1  # what watching may add to a training's peak memory, as a ratio


def _models() -> dict[str, tuple[Callable[[], Any], Any, Any, int]]:
    """Return builder, data and batch size by name."""
    import numpy as np
    from keras import Input, Model, Sequential, layers

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

    def middling() -> Any:
        """About a million parameters."""
        stack: list[Any] = [Input((32, 32, 3))]
        for width in (32, 64, 128):
            stack += [layers.Conv2D(width, 3, padding="same", activation="relu")]
            stack += [layers.MaxPooling2D(2)]
        stack += [layers.Flatten(), layers.Dense(448, activation="relu"), layers.Dropout(0.25)]
        return Sequential([*stack, layers.Dense(10, activation="softmax")])

    def transformer() -> Any:
        inputs = Input((32,), dtype="int32")
        hidden = layers.Embedding(1000, 64)(inputs)
        for _ in range(2):
            looked = layers.MultiHeadAttention(4, 16)(hidden, hidden)
            hidden = layers.LayerNormalization()(hidden + looked)
            wide = layers.Dense(128, activation="relu")(hidden)
            hidden = layers.LayerNormalization()(hidden + layers.Dense(64)(wide))
        pooled = layers.GlobalAveragePooling1D()(hidden)
        return Model(inputs, layers.Dense(10, activation="softmax")(pooled))

    coloured = random.random((256, 32, 32, 3), "float32")
    tokens = random.integers(0, 1000, (512, 32)).astype("int32")
    return {
        "tiny MLP": (mlp, digits, labels(1792), 32),
        "LSTM": (lstm, series, labels(1024), 32),
        "convnet": (convnet, images, labels(512), 64),
        "middling convnet": (middling, coloured, labels(256), 32),
        "Transformer": (transformer, tokens, labels(512), 32),
    }


def _compiled(build: Callable[[], Any]) -> Any:
    import keras

    keras.utils.set_random_seed(0)
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _interleaved(
    models: dict[str, Any],
    data: tuple[Any, Any, int],
    listeners: Callable[[str], list[Any]] = lambda _: [],
) -> dict[str, float]:
    """Return the seconds of an epoch by label; each round trains every model once.

    Not all epochs cost the watch the same: the median is taken over the rounds, for each epoch
    of a training, and the mean over those.

    Args:
        models: By label, compiled.
        data: Inputs, labels and batch size.
        listeners: Makes the callbacks of a label.
    """
    import keras

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

    x, y, size = data
    times: dict[str, list[list[float]]] = {label: [] for label in models}
    turns = random.Random(0)  # who comes after whom makes a difference of 2 %
    for _ in range(ROUNDS):
        for label, model in turns.sample(sorted(models.items()), len(models)):
            clock = Clock()
            heard = [*listeners(label), clock]
            model.fit(x, y, batch_size=size, epochs=EPOCHS, verbose=0, callbacks=heard)
            times[label].append(clock.seconds)
    return {
        label: statistics.mean(map(statistics.median, zip(*found, strict=True)))
        for label, found in times.items()
    }


def overhead() -> None:
    """Print epoch seconds and peak memory with and without the default monitors."""
    import keras

    import keras_recipe
    import keras_recipe.callbacks

    print(f"backend {keras.backend.backend()}, {ROUNDS} rounds of {EPOCHS} epochs, medians")
    for name, (build, x, y, size) in _models().items():
        models = {
            "plain": _compiled(build),
            "watched": keras_recipe.RecipeModel(_compiled(build)),
            "copy": _compiled(build),  # what it takes more or less is chance
        }

        def listeners(label: str, probe: Any = (x[:32], y[:32])) -> list[Any]:
            watched = label == "watched"
            return [keras_recipe.callbacks.RecipeMonitor(probe=probe)] if watched else []

        found = _interleaved(models, (x, y, size), listeners)
        step = 1000 * found["plain"] / (len(x) / size)
        print(
            f"{name:16} plain {found['plain']:.4f} s an epoch ({step:.2f} ms a step), watched "
            f"{found['watched']:.4f} s, ratio {found['watched'] / found['plain']:.3f}; "
            f"a plain copy {found['copy'] / found['plain']:.3f}"
        )
    peaks = {part: _measured(part)[0] for part in ("train", "train+watch")}
    print(
        f"peak memory of the middling convnet: plain {peaks['train']:.0f} MiB, watched "
        f"{peaks['train+watch']:.0f} MiB, ratio {peaks['train+watch'] / peaks['train']:.3f} "
        f"(bar {MEMORY_BAR})"
    )
    if keras.backend.backend() == "tensorflow":
        _beside_tensorboard()


def _beside_tensorboard() -> None:
    """Print epochs with what this package logs beside those with Keras's TensorBoard."""
    import keras

    from keras_recipe import callbacks

    for name in ("tiny MLP", "middling convnet"):
        build, x, y, size = _models()[name]
        models = {label: _compiled(build) for label in ("plain", "Keras", "ours")}
        with tempfile.TemporaryDirectory() as folder:

            def listeners(
                label: str, folder: str = folder, probe: Any = (x[:32], y[:32])
            ) -> list[Any]:
                if label == "Keras":
                    return [keras.callbacks.TensorBoard(f"{folder}/k", histogram_freq=1)]
                monitor = callbacks.RecipeMonitor(probe=probe)
                ours = [monitor, callbacks.RecipeTensorBoard(f"{folder}/o")]
                return ours if label == "ours" else []

            found = _interleaved(models, (x, y, size), listeners)
        ratios = ", ".join(
            f"{label} {seconds:.4f} s ({seconds / found['plain']:.2f})"
            for label, seconds in found.items()
        )
        print(f"{name:16} with TensorBoard, histogram_freq=1: {ratios}")


def _train(*, watched: bool) -> None:
    """Print the peak memory in MiB of a training of the middling convnet."""
    import keras_recipe
    import keras_recipe.callbacks

    build, x, y, size = _models()["middling convnet"]
    model = _compiled(build)
    model = keras_recipe.RecipeModel(model) if watched else model
    model.fit(x, y, batch_size=size, epochs=EPOCHS, verbose=0)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _measured(part: str) -> tuple[float, str]:
    """Return the peak memory that this script prints for a part of its own, and the rest."""
    command = [sys.executable, __file__, part]
    made = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    peak, _, said = made.partition(" ")
    return float(peak), said.strip()


def _peak(*, examined: bool) -> None:
    """Print the peak memory in MiB of a training, and the report if `check()` came before."""
    import numpy as np

    import keras_recipe
    import keras_recipe.callbacks

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

    found = {part: _measured(part) for part in ("fit", "check+fit")}
    peaks = {part: peak for part, (peak, _) in found.items()}
    said = found["check+fit"][1]
    data = IMAGES * 28 * 28 * 4 / 2**20
    added = peaks["check+fit"] - peaks["fit"]
    print(f"backend {keras.backend.backend()}: {said}")
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
    if sys.argv[1:2] == ["data"]:
        importlib.import_module("bench_data").run(sys.argv[2:])
        raise SystemExit
    if sys.argv[1:2] == ["kills"]:
        importlib.import_module("bench_kills").run(sys.argv[2:])
        raise SystemExit
    if sys.argv[1:] and sys.argv[1] in ("zoo", "fixes", "agree", "peers"):
        _zoo(sys.argv[1], sys.argv[2:])
        raise SystemExit
    jobs = {"overhead": overhead, "check": check, "import": imports}
    jobs |= {
        "train": lambda: _train(watched=False),
        "train+watch": lambda: _train(watched=True),
    }
    jobs["search"] = lambda: importlib.import_module("bench_search").search()
    jobs |= {"fit": lambda: _peak(examined=False), "check+fit": lambda: _peak(examined=True)}
    if len(sys.argv) != 2 or sys.argv[1] not in jobs:
        raise SystemExit(__doc__)
    jobs[sys.argv[1]]()
