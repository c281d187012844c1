"""Datasets that can be asked for a batch by number are read part by part, by any engine."""

import pickle
import random
import threading

import keras
import numpy as np
import pytest
from clusters import local_cluster

from keras_recipe.core.errors import InputError
from keras_recipe.data import parts
from keras_recipe.data.engines import each
from keras_recipe.data.sources import open_source
from keras_recipe.data.survey import survey

X = np.random.default_rng(0).normal(3, 2, (470, 5)).astype("float32")
Y = np.arange(470) % 4


class Rows(keras.utils.PyDataset):
    """Ten rows a batch, with noise of its own."""

    def __init__(self, batches=47):
        super().__init__()
        self.batches, self.random = batches, np.random.default_rng(1)

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        noise = self.random.normal() + np.random.normal()
        return X[10 * index : 10 * index + 10] + noise, Y[10 * index : 10 * index + 10]


class Endless(Rows):
    @property
    def num_batches(self):
        return None


class Locked(Rows):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(parts, "ROWS", 100)


@pytest.fixture(scope="module")
def scheduler():
    with local_cluster() as address:
        yield address


def states():
    return pickle.dumps((random.getstate(), np.random.get_state()))


def test_parts_follow_each_other_and_leave_the_dataset_as_it_was():
    data = Rows()
    drawn = data.random.bit_generator.state
    found, before = open_source(data).partitions, states()
    assert [part.numbers for part in found[:2]] == [range(10), range(10, 20)]
    assert len(found) == 5
    rows = np.concatenate([batch.y for part in found for batch in part()])
    np.testing.assert_array_equal(rows, Y)
    assert states() == before
    assert data.random.bit_generator.state == drawn


def test_a_part_that_was_sent_is_the_same():
    (first, *_) = open_source(Rows()).partitions
    sent = pickle.loads(pickle.dumps(first))
    for mine, theirs in zip(list(first()), list(sent()), strict=True):
        np.testing.assert_array_equal(mine.x, theirs.x)


def test_a_py_dataset_on_a_cluster_is_what_it_is_here(scheduler):
    source = open_source(Rows())
    alone, spread = survey(source), survey(source, engine="dask", scheduler=scheduler)
    assert alone.to_dict() == spread.to_dict()
    assert (alone.rows, alone.parts) == (470, 5)
    np.testing.assert_array_equal(alone.sample.x, spread.sample.x)


def test_a_dataset_is_sent_once(scheduler, monkeypatch):
    sent = []
    monkeypatch.setattr(Rows, "__reduce__", lambda self: sent.append(1) or (Rows, ()))
    survey(open_source(Rows()), engine="dask", scheduler=scheduler)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("data", "words"), [(Endless, "only be read in one go"), (Locked, "cannot be pickled")]
)
def test_what_cannot_be_split_is_refused_in_one_sentence(data, words, scheduler):
    with pytest.raises(InputError, match=words):
        survey(open_source(data()), engine="dask", scheduler=scheduler)
    assert survey(open_source(data())).rows >= 470  # here it can be read


def _lost(number):
    msg = f"No module named 'own{number}'"
    raise ModuleNotFoundError(msg)


def test_code_that_a_worker_does_not_have_is_named(scheduler):
    with pytest.raises(InputError, match=r"cannot load this data .*'own3'"):
        list(each(_lost, [(3,)], "dask", scheduler))


def loader(**settings):
    data = pytest.importorskip("torch.utils.data")
    torch = pytest.importorskip("torch")
    rows = data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return data.DataLoader(rows, batch_size=32, **settings)


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        ({}, 470),
        ({"drop_last": True}, 448),
        ({"shuffle": True}, 470),
        ({"shuffle": True, "drop_last": True}, 470),
    ],
)
def test_a_loader_is_read_in_the_order_of_its_dataset(settings, rows):
    source = open_source(loader(**settings))
    found = [batch for part in source.partitions for batch in part()]
    np.testing.assert_array_equal(np.concatenate([b.x for b in found]), X[:rows])
    np.testing.assert_array_equal(np.concatenate([b.y for b in found]), Y[:rows])
    assert len(source.partitions) == 5


def test_a_loader_on_a_cluster_is_what_it_is_here(scheduler):
    torch = pytest.importorskip("torch")
    source, before = open_source(loader(shuffle=True)), torch.get_rng_state()
    alone, spread = survey(source), survey(source, engine="dask", scheduler=scheduler)
    assert alone.to_dict() == spread.to_dict()
    assert torch.equal(torch.get_rng_state(), before)


def test_loaders_that_choose_their_rows_are_not_split():
    data = pytest.importorskip("torch.utils.data")
    weights = data.WeightedRandomSampler(np.ones(470), 470)
    again = data.RandomSampler(X, replacement=True)
    batches = data.BatchSampler(data.SequentialSampler(X), 7, drop_last=False)
    for settings in ({"sampler": weights}, {"sampler": again}):
        assert open_source(loader(**settings)).partitions == ()
    whole = data.DataLoader(loader().dataset, batch_sampler=batches)
    assert open_source(whole).partitions == ()


def test_what_a_row_raises_is_told_with_its_batch():
    data = pytest.importorskip("torch.utils.data")

    class Few(data.Dataset):
        def __len__(self):
            return 470

        def __getitem__(self, index):
            if index > 300:
                raise OSError("the disk is gone")
            return X[index], Y[index]

    found = survey(open_source(data.DataLoader(Few(), batch_size=32)))
    assert found.rows == 288
    assert "at batch 9 it raised OSError: the disk is gone" in found.broken
