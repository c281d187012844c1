"""A Dask cluster of this process's threads, reached as one that runs elsewhere."""

from contextlib import contextmanager

import pytest


@contextmanager
def local_cluster(workers=1):
    """Yield the address of its scheduler; skip the test where Dask is not installed."""
    distributed = pytest.importorskip(
        "distributed", reason="the extra keras-recipe[dask] is not installed"
    )
    settings = {"processes": False, "protocol": "tcp://", "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, **settings
    ) as cluster:
        yield cluster.scheduler_address
