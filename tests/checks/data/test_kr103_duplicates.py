"""Copies inside training, their labels, and turned copies under a wrong label."""

import keras
import numpy as np
import pytest
from keras import layers
from specimens import SPARSE, classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr103_duplicates import duplicates
from keras_recipe.core.result import Status


def copied(rows, share, relabel=0.0):
    """Digits of which a share occurs twice, and a share of these under another label."""
    x, y = digits()
    x, y = x[:rows], y[:rows].copy()
    count = int(share * rows)
    again = y[:count].copy()
    again[: int(relabel * count)] = (again[: int(relabel * count)] + 1) % 10
    return np.concatenate([x, x[:count]]), np.concatenate([y, again])


def test_rows_that_all_differ_pass():
    result = examine(duplicates, classifier(), *copied(500, 0))
    assert result.status is Status.PASS
    assert result.measured == 0


def test_many_copies_warn_and_are_named():
    result = examine(duplicates, classifier(), *copied(500, 0.3))
    assert result.status is Status.WARN
    assert result.measured == pytest.approx(300 / 650)
    assert result.evidence["pairs"][:2] == [[500, 0], [501, 1]]


def test_copies_with_other_labels_fail():
    result = examine(duplicates, classifier(), *copied(400, 0.5, relabel=1.0))
    assert result.status is Status.FAIL
    assert result.evidence["floor"] == pytest.approx(200 / 600)
    assert result.evidence["conflicts"][0][1] - result.evidence["conflicts"][0][0] == 400


class Batches(keras.utils.PyDataset):
    """Batches of digits; a stuck one yields the first whatever is asked for."""

    def __init__(self, stuck, size=32):
        super().__init__()
        self.stuck, self.size = stuck, size

    def __len__(self):
        return 10

    def __getitem__(self, index):
        start = 0 if self.stuck else index * self.size
        return tuple(part[start : start + self.size] for part in digits())


@pytest.mark.parametrize(
    ("stuck", "held", "status"),
    [(True, 100, Status.FAIL), (False, 100, Status.PASS), (True, 32, Status.PASS)],
)
def test_the_same_batch_again_and_again_fails(stuck, held, status):
    rows = tuple(part[-held:] for part in digits())
    result = examine(duplicates, classifier(), Batches(stuck), validation_data=rows)
    assert result.status is status
    if status is Status.FAIL:
        assert "every one of the 10 batches holds the same 32 rows" in result.message


def test_few_rows_repeated_for_an_epoch_are_all_there_are():
    x, y = (np.tile(part[:8], (40, *[1] * (part.ndim - 1))) for part in digits())
    held = tuple(part[:8] for part in digits())
    result = examine(duplicates, classifier(), x, y, batch_size=8, validation_data=held)
    assert result.status is Status.PASS


@pytest.mark.parametrize(("floor", "status"), [(0.3, Status.FAIL), (0.4, Status.WARN)])
def test_the_threshold_decides(floor, status):
    data = copied(400, 0.5, relabel=1.0)
    assert examine(duplicates, classifier(), *data, {"floor": floor}).status is status


def test_amounts_may_be_measured_twice():
    x, y = diabetes()
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    x, y = np.concatenate([x, x]), np.concatenate([y, y + 5])
    assert examine(duplicates, model, x, y).status is Status.WARN


@pytest.mark.parametrize("columns", [1, 3, 8])
def test_tables_of_few_states_repeat_by_nature(columns):
    random = np.random.default_rng(0)
    x = random.integers(0, 2, (600, columns)).astype("float32")
    y = (random.random(600) < 0.3 + 0.4 * x[:, 0]).astype("int32")
    model = compiled(layers.Dense(1, activation="sigmoid"), shape=(columns,), loss="bce")
    result = examine(duplicates, model, x, y)
    assert result.status is Status.PASS


def test_short_texts_repeat_by_nature():
    x = np.random.default_rng(0).integers(1, 5, (300, 4))
    model = compiled(layers.Embedding(9, 2), layers.Flatten(), layers.Dense(2), shape=(4,))
    assert examine(duplicates, model, x, x[:, 0] % 2).status is Status.PASS


def arrows(rows, seed=0):
    """Pictures of a bright wedge that points left (0) or right (1)."""
    random = np.random.default_rng(seed)
    x = 0.25 * random.random((rows, 10, 10, 1)).astype("float32")
    y = random.integers(0, 2, rows).astype("int32")
    for i in range(rows):
        top, left = random.integers(3, 7), random.integers(2, 6)
        for k in range(3):
            column = left + k if y[i] else left + 2 - k
            x[i, top - 2 + k : top + 3 - k, column] += 0.7
    return x, y


def pictures():
    return compiled(
        layers.Conv2D(4, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(2, activation="softmax"),
        shape=(10, 10, 1),
        loss=SPARSE,
    )


@pytest.mark.parametrize(("swap", "status"), [(0, Status.FAIL), (1, Status.PASS)])
def test_mirrored_arrows_must_change_their_label(swap, status):
    x, y = arrows(300)
    x, y = np.concatenate([x, x[:, :, ::-1]]), np.concatenate([y, y ^ swap])
    result = examine(duplicates, pictures(), x, y, validation_data=arrows(150, seed=1))
    assert result.status is status
    if not swap:
        assert "mirrored left to right" in result.message


def test_mirrored_pictures_that_mean_the_same_pass():
    x, _ = arrows(300)
    y = (np.arange(300) % 2).astype("int32")
    x[y == 1] += 0.5  # bright or dark
    held, also = arrows(150, seed=1)[0], (np.arange(150) % 2).astype("int32")
    held[also == 1] += 0.5
    x, y = np.concatenate([x, x[:, :, ::-1]]), np.concatenate([y, y])
    result = examine(duplicates, pictures(), x, y, validation_data=(held, also))
    assert result.status is Status.PASS


def test_mirrored_pictures_under_another_label_fail_where_they_mean_the_same():
    x, _ = arrows(300)
    y = (np.arange(300) % 2).astype("int32")
    x[y == 1] += 0.5
    held, also = arrows(150, seed=1)[0], (np.arange(150) % 2).astype("int32")
    held[also == 1] += 0.5
    x, y = np.concatenate([x, x[:, :, ::-1]]), np.concatenate([y, 1 - y])
    result = examine(duplicates, pictures(), x, y, validation_data=(held, also))
    assert result.status is Status.FAIL
    assert "100% of these under another label" in result.message
