"""Jobs are done by any engine, and what they make comes back in order."""

import threading

import pytest
from clusters import local_cluster

from keras_recipe.core.errors import InputError
from keras_recipe.data.engines import each


def doubled(number, again=0):
    if number == 13:
        msg = "thirteen"
        raise InputError(msg)
    return 2 * number + again


@pytest.fixture(scope="module")
def scheduler():
    with local_cluster(workers=2) as address:
        yield address


def test_in_this_process():
    assert list(each(doubled, [(1,), (2, 5)])) == [2, 9]


def test_on_a_cluster_that_runs_elsewhere(scheduler):
    jobs = ((number, 1) for number in range(14, 34))
    assert list(each(doubled, jobs, "dask", scheduler)) == list(range(29, 69, 2))


def test_jobs_are_made_as_they_are_needed(scheduler):
    made = []

    def jobs():
        for number in range(20, 80):
            made.append(number)
            yield (number,)

    found = each(doubled, jobs(), "dask", scheduler)
    assert next(found) == 40
    assert len(made) < 10
    found.close()


def test_the_error_of_a_job_is_the_callers(scheduler):
    with pytest.raises(InputError, match="thirteen"):
        list(each(doubled, [(12,), (13,)], "dask", scheduler))


def test_what_cannot_be_sent_is_refused_in_one_sentence(scheduler):
    with pytest.raises(InputError, match="cannot be sent to another process"):
        list(each(doubled, [(threading.Lock(),)], "dask", scheduler))
