"""Who reads the parts of the data: this process, or the workers of a dask cluster."""

from __future__ import annotations

import importlib
import logging
import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from typing import Any, TypeVar

from keras_recipe.core.errors import InputError
from keras_recipe.core.settings import unknown

ENGINES = ("local", "dask")
WAITING = 2  # parts in flight for each thread of the cluster: its memory stays bounded
SECONDS = 30.0  # distributed's own default for connecting

Made = TypeVar("Made")


def each(
    work: Callable[..., Made],
    jobs: Iterable[tuple[Any, ...]],
    engine: str = "local",
    scheduler: str | None = None,
    workers: int | None = None,
) -> Generator[Made, None, None]:
    """Yield `work(*job)` for each job, in the order of the jobs.

    Args:
        work: A function that can be pickled.
        jobs: Its arguments, likewise.
        engine: `"local"` for this process, `"dask"` for a cluster.
        scheduler: Address of a dask scheduler; a cluster on this computer, closed at the end,
            when None.
        workers: Processes of that cluster; one for each core when None.

    Raises:
        InputError: No such engine, dask is not installed, no scheduler answers, or a job
            cannot be sent.
    """
    if engine not in ENGINES:
        raise unknown(engine, ENGINES, "engine")
    if engine == "local":
        if scheduler is not None or workers is not None:
            msg = '`scheduler` and `workers` belong to engine="dask". Received: engine="local"'
            raise InputError(msg)
        return (work(*job) for job in jobs)
    return _on_dask(work, jobs, scheduler, workers)


def _on_dask(
    work: Callable[..., Made],
    jobs: Iterable[tuple[Any, ...]],
    scheduler: str | None,
    workers: int | None,
) -> Generator[Made, None, None]:
    with ExitStack() as stack:
        client = _client(stack, scheduler, workers)
        threads = sum(client.nthreads().values())
        futures: deque[Any] = deque()
        for job in jobs:
            if len(futures) >= WAITING * max(threads, 1):
                yield futures.popleft().result()
            futures.append(_sent(client, work, job))
        while futures:
            yield futures.popleft().result()


def _client(stack: ExitStack, scheduler: str | None, workers: int | None) -> Any:
    try:
        distributed = importlib.import_module("dask.distributed")
    except ImportError as error:
        msg = 'dask is not installed. Install it: pip install "keras-recipe[dask]"'
        raise InputError(msg) from error
    if scheduler is None:
        scheduler = stack.enter_context(
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.ERROR,
            )
        )
    elif workers is not None:
        msg = "`workers` is for a cluster on this computer; give it or `scheduler`, not both."
        raise InputError(msg)
    try:
        return stack.enter_context(distributed.Client(scheduler, timeout=SECONDS))
    except (OSError, ValueError) as error:
        msg = f"No dask scheduler answers at {scheduler!r}; start one with `dask scheduler`."
        raise InputError(msg) from error


def _sent(client: Any, work: Callable[..., Any], job: tuple[Any, ...]) -> Any:
    """Return the future of a job; its data go as data, not as a part of the task."""
    try:
        return client.submit(work, client.scatter(job[0], hash=False), *job[1:], pure=False)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        msg = (
            "This data cannot be sent to another process: it holds what cannot be pickled. "
            'Read it with engine="local".'
        )
        raise InputError(msg) from error
