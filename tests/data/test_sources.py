"""Every kind of input, read again and again without being disturbed."""

import itertools

import keras
import numpy as np
import pandas as pd
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.data import sources
from keras_recipe.data.sources import open_source

tf = pytest.importorskip("tensorflow")
torch = pytest.importorskip("torch")

X = np.arange(40, dtype="float32").reshape(20, 2)
Y = np.arange(20)


class Rows(keras.utils.PyDataset):
    """A dataset with a generator of its own that decides what is read."""

    def __init__(self, size=3, length=7):
        super().__init__()
        self.size, self.length, self.calls = size, length, 0
        self.random = np.random.default_rng(0)

    @property
    def num_batches(self):
        return self.length

    def __getitem__(self, index):
        self.calls += 1
        rows = slice(index * self.size, (index + 1) * self.size)
        return X[rows] + self.random.random(), Y[rows]


def tf_dataset(shuffled=True):
    made = tf.data.Dataset.from_tensor_slices((X, Y))
    return (made.shuffle(20, seed=3) if shuffled else made).batch(3)


def loader(generator=None, **settings):
    rows = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    settings = {"batch_size": 3, "shuffle": True, "generator": generator, **settings}
    return torch.utils.data.DataLoader(rows, **settings)


def seen(source):
    """Labels in the order of one pass."""
    return np.concatenate([batch.y for batch in source.batches()]).tolist()


KINDS = {
    "arrays": lambda: (X, Y),
    "lists": lambda: (X.tolist(), Y.tolist()),
    "tensors": lambda: (keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(Y)),
    "torch tensors": lambda: (torch.tensor(X, requires_grad=True), torch.tensor(Y)),
    "tf tensors": lambda: (tf.constant(X), tf.constant(Y)),
    "frames": lambda: (pd.DataFrame(X), pd.DataFrame(Y)),
    "tf.data": lambda: (tf_dataset(),),
    "PyDataset": lambda: (Rows(),),
    "DataLoader": lambda: (loader(),),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_read_on_every_pass(kind):
    source = open_source(*KINDS[kind]())
    for _ in range(2):
        batches = list(source.batches())
        assert all(isinstance(b.x, np.ndarray) and len(b.x) == len(b.y) for b in batches)
        assert sorted(np.concatenate([b.y for b in batches]).ravel().tolist()) == Y.tolist()
        assert sum(len(b) for b in batches) == 20
    assert source.first.x.shape[1:] == (2,)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_of_it(kind):
    source = open_source(*KINDS[kind]())
    dataset = kind in ("tf.data", "PyDataset", "DataLoader")
    assert (source.size, source.batch_size, source.num_batches) == (
        (None, 3, 7) if dataset else (20, None, None)
    )
    assert (source.whole is None) == dataset


def test_structures_of_arrays():
    source = open_source({"b": X, "a": Y}, [Y, pd.Series(Y)], np.ones(20))
    batch = next(source.batches())
    assert list(batch.x) == ["b", "a"]
    assert [leaf.shape for leaf in batch.y] == [(20,), (20, 1)]
    assert batch.sample_weight.shape == (20,)


def test_large_arrays_come_in_chunks(monkeypatch):
    monkeypatch.setattr(sources, "CHUNK", 8)
    batches = list(open_source(X, Y).batches())
    assert [len(b) for b in batches] == [8, 8, 4]
    assert np.shares_memory(batches[0].x, X)


def orders(dataset, epochs=2):
    return [np.concatenate([np.asarray(y) for _, y in dataset]).tolist() for _ in range(epochs)]


def test_a_shuffled_tf_dataset_goes_on_as_if_unread():
    tf.random.set_seed(1)
    expected = orders(tf_dataset(), 3)
    assert expected[0] != expected[1]
    dataset = tf_dataset()
    begun = orders(dataset, 1)
    source = open_source(dataset)
    assert seen(source) == seen(source)  # our passes agree with each other
    assert begun + orders(dataset) == expected


def test_a_cached_tf_dataset_goes_on_as_if_unread():
    tf.random.set_seed(1)

    def made():
        return (
            tf.data.Dataset.range(20).cache().shuffle(20, seed=3).map(lambda i: (i, i)).batch(3)
        )

    expected = orders(made(), 3)
    dataset = made()
    begun = orders(dataset, 1)
    list(open_source(dataset).batches())
    assert begun + orders(dataset) == expected


def test_a_py_dataset_goes_on_as_if_unread():
    def epoch(dataset):
        return [dataset[i][0].tolist() for i in range(7)]

    untouched, read = Rows(), Rows()
    expected = [epoch(untouched) for _ in range(2)]
    begun = epoch(read)
    source = open_source(read)
    assert [b.x.tolist() for b in source.batches()] == expected[1]
    list(itertools.islice(source.batches(), 2))  # a pass given up half way
    assert read.calls == 7
    assert [begun, epoch(read)] == expected


@pytest.mark.parametrize("own", [True, False])
def test_a_shuffled_loader_goes_on_as_if_unread(own):
    def made():
        torch.manual_seed(5)
        return loader(torch.Generator().manual_seed(2) if own else None)

    expected = orders(made(), 3)
    read = made()
    begun = orders(read, 1)
    source = open_source(read)
    assert seen(source) == seen(source)
    next(source.batches())
    assert begun + orders(read) == expected


def test_elements_without_targets_and_with_weights():
    assert open_source(tf.data.Dataset.from_tensor_slices(X).batch(4)).first.y is None
    weighted = tf.data.Dataset.from_tensor_slices((X, Y, np.ones(20))).batch(4)
    assert open_source(weighted).first.sample_weight.shape == (4,)
    named = tf.data.Dataset.from_tensor_slices(({"a": X}, Y)).batch(4)
    assert open_source(named).first.x["a"].shape == (4, 2)


@pytest.mark.parametrize("length", ["endless", "unknown"])
def test_a_dataset_that_may_never_end_is_read_in_part(length, monkeypatch):
    monkeypatch.setattr(sources, "ENDLESS", 5)
    monkeypatch.setattr(sources, "UNKNOWN", 5)
    if length == "endless":
        made = [tf_dataset().repeat(), Wrong((X, Y), length=None)]
    else:
        rows = ((X[:2], Y[:2]) for _ in itertools.count())
        signature = (tf.TensorSpec((2, 2), "float32"), tf.TensorSpec((2,), "int64"))
        made = [tf.data.Dataset.from_generator(lambda: rows, output_signature=signature)]
        stream = type(
            "Stream",
            (torch.utils.data.IterableDataset,),
            {"__iter__": lambda _: iter(lambda: (X[0], Y[0]), None)},
        )
        made.append(torch.utils.data.DataLoader(stream(), batch_size=2))
    for dataset in made:
        source = open_source(dataset)
        assert source.num_batches is None
        assert sum(1 for _ in source.batches()) == 5


class Wrong(Rows):
    """Yields what it is told to."""

    def __init__(self, element, length=1):
        super().__init__(length=length)
        self.element = element

    def __getitem__(self, index):
        return self.element


def ragged():
    return tf.ragged.constant([[1, 2], [3]])


REFUSED = {
    "nothing": (lambda: (None,), "x is None"),
    "a generator": (lambda: ((row for row in X),), "generator: reading it"),
    "zip": (lambda: (zip(X, Y, strict=True),), "generator"),
    "y twice": (lambda: (Rows(), Y), "`y` must not be given with a Rows"),
    "weights twice": (lambda: (loader(), None, Y), "`sample_weight` must not be given"),
    "an empty dataset": (lambda: (Rows(length=0),), "PyDataset is empty"),
    "an empty tf dataset": (lambda: (tf_dataset().take(0),), "tf.data.Dataset is empty"),
    "empty batches": (lambda: (Wrong((X[:0], Y[:0])),), "x, y of the PyDataset has 0 rows"),
    "four parts": (lambda: (Wrong((X, Y, Y, Y)),), "got 4 parts"),
    "no parts": (lambda: (Wrong(()),), "got 0 parts"),
    "unequal": (lambda: (Wrong((X, Y[:3])),), "of the PyDataset need the same number"),
    "string labels": (lambda: (X, np.array(["a", "b"] * 10)), "labels are strings"),
    "string labels in batches": (lambda: (Wrong((X, Y.astype(str))),), "labels are strings"),
    "ragged": (lambda: ([[1, 2], [3]], [0, 1]), "`x` is ragged"),
    "a ragged tensor": (lambda: (ragged(), [0, 1]), "`x` must be a dense array"),
    "ragged batches": (
        lambda: (tf.data.Dataset.from_tensor_slices((ragged(), [0, 1])).batch(2),),
        "`x` must be a dense array",
    ),
    "objects": (lambda: (np.array([{}, {}]), [0, 1]), "Python objects .dict"),
    "lengths": (lambda: (X, Y[:-1]), "x has 20, y has 19"),
    "no rows": (lambda: (X[:0], Y[:0]), "has 0 rows"),
    "a function": (lambda: (seen, Y), "Received: function"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_in_one_sentence(kind):
    make, said = REFUSED[kind]
    with pytest.raises(InputError, match=said) as error:
        open_source(*make())
    assert len(str(error.value)) < 300


def test_a_generator_is_not_used_up():
    rows = iter([1, 2, 3])
    with pytest.raises(InputError):
        open_source(rows)
    assert next(rows) == 1
