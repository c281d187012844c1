"""Who reads the parts of the data: this process, or the workers of a dask cluster."""

from __future__ import annotations

import dataclasses
import importlib
import logging
import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from typing import Any, TypeVar

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.core.settings import unknown
from keras_recipe.data.parts import Part

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
        shared: dict[int, Any] = {}
        for job in jobs:
            if len(futures) >= WAITING * max(threads, 1):
                yield _result(futures.popleft())
            futures.append(_sent(client, work, job, shared))
        while futures:
            yield _result(futures.popleft())


def _result(future: Any) -> Any:
    """Return what a job made.

    Raises:
        InputError: The worker has not the code that the data belong to.
    """
    try:
        return future.result()
    except ImportError as error:
        msg = (
            f"A worker of the cluster cannot load this data ({said(error)}); put the code that "
            'makes it where the workers find it, or read it with engine="local".'
        )
        raise InputError(msg) from error


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
                dashboard_address="127.0.0.1:0",  # any port: 8787 may be taken
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


def _sent(
    client: Any, work: Callable[..., Any], job: tuple[Any, ...], shared: dict[int, Any]
) -> Any:
    """Return the future of a job; its data go as data, not as a part of the task.

    Args:
        client: Of the cluster.
        work: What is to be done.
        job: Its arguments; of a `Part`, the dataset is sent once for all of its parts.
        shared: The datasets that were sent, by their identity.
    """
    first, *rest = job
    try:
        if not isinstance(first, Part):
            return client.submit(work, client.scatter(first, hash=False), *rest, pure=False)
        if id(first.data) not in shared:
            shared[id(first.data)] = client.scatter(first.data, hash=False)
        part = dataclasses.replace(first, data=None)
        return client.submit(_joined, work, shared[id(first.data)], part, *rest, pure=False)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        msg = (
            "This data cannot be sent to another process: it holds what cannot be pickled. "
            'Read it with engine="local".'
        )
        raise InputError(msg) from error


def _joined(work: Callable[..., Made], data: Any, part: Part, *rest: Any) -> Made:
    """Do a job on a part whose dataset was sent on its own."""
    return work(dataclasses.replace(part, data=data), *rest)
