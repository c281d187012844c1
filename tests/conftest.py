"""Keeps every test away from the user's own Keras home and its threads in bounds."""

import os
import signal
import tempfile
from pathlib import Path

os.environ["KERAS_HOME_BEFORE"] = os.environ.get("KERAS_HOME", "")
os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras-home-")
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Most of JAX's time here is compiling the same small programs: each is compiled once.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
# They run for moments: making them fast takes longer than it saves (of two tests, 14 s in 44).
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # handed down by a background job
    signal.signal(signal.SIGINT, signal.default_int_handler)

import keras
import pytest
from backend_free import is_free

if keras.config.backend() == "tensorflow":  # likewise: 84 s instead of 105 for a ladder's tests
    import tensorflow

    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

# What scripts/real_data.py put into a Keras home stays within reach.
HOMES = (
    os.environ["KERAS_HOME_BEFORE"],
    Path(__file__).parents[1] / ".venv/keras-home",
    "~/.keras",
)
for folder in [Path(home).expanduser() / "datasets" for home in HOMES if home]:
    if folder.is_dir():
        Path(os.environ["KERAS_HOME"], "datasets").symlink_to(folder.resolve())
        break


@pytest.fixture(autouse=True)
def _seeded():
    """Every test starts from the same seed, whatever ran before it."""
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session(free_memory=False)


LEFT_OUT = pytest.StashKey[int]()


def pytest_addoption(parser):
    parser.addoption(
        "--with-a-backend",
        action="store_true",
        help="leave out the tests that have no backend in them (tests/backend_free.py)",
    )


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--with-a-backend"):
        return
    free = [item for item in items if is_free(item.path)]
    items[:] = [item for item in items if not is_free(item.path)]
    config.stash[LEFT_OUT] = len(free)
    if hasattr(config, "workeroutput"):  # a process of xdist: it tells the one that prints
        config.workeroutput["left_out"] = len(free)
    else:
        config.hook.pytest_deselected(items=free)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Every process of xdist collects all tests: they left out the same ones."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter, config):
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} tests without a backend in them were left out (--with-a-backend)"
        )
