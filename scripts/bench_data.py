"""What reading data costs: the parts of `scripts/bench.py data`."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path("/usr/share/datasets/fashion-mnist")  # of Debian's dataset-fashion-mnist
GIGABYTES = 20
LIMIT = 2**30  # what the process may take for a stream, beside what it has at the start
ROWS = 256  # of a batch of the stream: images as Fashion-MNIST has them, as float32
MARKS = 4
MINUTE = 60
SLOWER, LARGER = 2.0, 1.5  # bars: over hashing alone; peak memory over the array


def fashion_mnist() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return training and test images `(rows, 28, 28, 1)` of bytes, and their labels."""
    if not FOLDER.is_dir():
        import keras

        (x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
        return [(x[..., None], y), (x_test[..., None], y_test)]
    made = []
    for name in ("train", "t10k"):
        images = gzip.decompress((FOLDER / f"{name}-images-idx3-ubyte.gz").read_bytes())
        labels = gzip.decompress((FOLDER / f"{name}-labels-idx1-ubyte.gz").read_bytes())
        x = np.frombuffer(images, "uint8", offset=16).reshape(-1, 28, 28, 1)
        made.append((x, np.frombuffer(labels, "uint8", offset=8)))
    return made


def _status(name: str) -> float:
    """Return a number of MiB from what Linux says of this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":"))


def _network() -> Any:
    import keras

    from keras_recipe.demo import network

    keras.utils.set_random_seed(0)
    model = network((28, 28, 1))
    model.predict(np.zeros((32, 28, 28, 1), "float32"), verbose=0)
    return model


def _said(report: Any) -> str:
    slow = sorted(report.results, key=lambda r: -r.seconds)[:3]
    statuses = ", ".join(f"{k} {v}" for k, v in report.counts.items())
    return statuses + "; slowest " + ", ".join(f"{r.code} {r.seconds:.1f} s" for r in slow)


def stage(kind: str) -> None:
    """Print seconds and memory of the checks of the data on Fashion-MNIST."""
    import keras_recipe

    (x, y), (x_test, y_test) = fashion_mnist()
    if kind == "float32":
        x, x_test = ((a / np.float32(255)).astype("float32") for a in (x, x_test))
    model, array = _network(), x.nbytes / 2**20
    keras_recipe.check(model, x[:256], y[:256], select="KR1")  # loads what is no data
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far
    before, start, work = _status("VmRSS"), time.perf_counter(), time.process_time()
    report = keras_recipe.check(
        model, x, y, validation_data=(x_test, y_test), select="KR1", budget=600
    )
    seconds, added = time.perf_counter() - start, _status("VmHWM") - before
    work = time.process_time() - work
    print(
        f"Fashion-MNIST as {kind} ({array:.0f} MiB): {seconds:.1f} s (bar {MINUTE} s), "
        f"{work:.1f} s of computing; "
        f"peak {added:.0f} MiB more: with the array {1 + added / array:.2f} x it, without "
        f"{added / array:.2f} x (bar {LARGER}); {_said(report)}"
    )


def _best(work: Callable[[], object], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def hashing() -> None:
    """Print how long the hashes of all rows take, and hashlib alone on the same bytes."""
    from keras_recipe.data.contents import row_hashes

    images = fashion_mnist()[0][0]
    for x in (images, (images / np.float32(255)).astype("float32")):
        size = x[0].nbytes

        def alone(x: np.ndarray = x, size: int = size) -> list[bytes]:
            flat = memoryview(x.data).cast("B")
            starts = range(0, len(flat), size)
            return [hashlib.sha1(flat[i : i + size]).digest() for i in starts]

        plain, ours = _best(alone), _best(lambda x=x: row_hashes([x]))  # type: ignore[misc]
        print(
            f"hashes of {len(x):,} images as {x.dtype}: {ours:.3f} s, hashlib alone "
            f"{plain:.3f} s, ratio {ours / plain:.2f} (bar {SLOWER})"
        )


def stream(gigabytes: float) -> None:
    """Print memory and seconds at each quarter of a generated stream, under a limit."""
    import keras

    import keras_recipe

    model, pool = _network(), np.random.default_rng(0)
    base = pool.random((4096, 28, 28, 1), "float32")
    batches = int(gigabytes * 1e9 / (ROWS * base[0].nbytes))
    marks: list[tuple[float, float, float]] = []

    def mark() -> None:
        marks.append((_status("VmRSS"), time.perf_counter(), time.process_time()))

    class Stream(keras.utils.PyDataset):
        """Images that are never twice the same."""

        def __len__(self) -> int:
            return batches

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            if index * MARKS // batches > len(marks) - 1:
                mark()
            random = np.random.default_rng(index)
            rows = random.integers(0, len(base), ROWS)
            shift = random.random((ROWS, 1, 1, 1), "float32")
            return base[rows] + shift, rows % 10

    used = int(_status("VmData") * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (used + LIMIT, used + LIMIT))
    report = keras_recipe.check(model, Stream(), select="KR1", budget=36000)
    mark()
    _, start, work = marks[0]
    told = ", ".join(
        f"{m:.0f} MiB after {t - start:.0f} s ({w - work:.0f} s of computing)"
        for m, t, w in marks
    )
    print(
        f"a stream of {gigabytes:g} GB in {batches:,} batches; {LIMIT // 2**20} MiB of data "
        f"allowed beside {used // 2**20} MiB at the start: {told} (the last with all checks), "
        f"peak {_status('VmHWM'):.0f} MiB; {_said(report)}"
    )


def run(arguments: list[str]) -> None:
    """Run a part, or each in a process of its own: their memory must not mix."""
    labels = importlib.import_module("bench_noise")
    if arguments and arguments[0] in labels.PARTS:
        labels.run(*arguments)
        return
    if arguments and arguments[0] != "--gigabytes":
        part, *rest = arguments
        parts: dict[str, Callable[[], None]] = {
            "hashing": hashing,
            "stage": lambda: stage(rest[0]),
            "stream": lambda: stream(float(rest[0])),
        }
        parts[part]()
        return
    size = arguments[1] if len(arguments) > 1 else str(GIGABYTES)
    own = [["hashing"], ["stage", "uint8"], ["stage", "float32"], ["stream", size]]
    for each in [*own, *([part] for part in labels.PARTS)]:
        script = str(Path(__file__).with_name("bench.py"))
        subprocess.run([sys.executable, script, "data", *each], check=True)
