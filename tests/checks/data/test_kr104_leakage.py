"""Rows on both sides of the split are found exactly, and few states are no leak."""

import numpy as np
import pytest
from keras import layers
from specimens import classifier, compiled, digits, examine

from keras_recipe.checks.data.kr104_leakage import leakage
from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.core.result import Status


def examined(planted, rows=800, held=300, thresholds=None, dtype="float32", **settings):
    """Check digits with so many training rows planted in validation."""
    x, y = digits()
    xv, yv = x[rows : rows + held].copy(), y[rows : rows + held].copy()
    xv[:planted], yv[:planted] = x[:planted], y[:planted]
    return examine(
        leakage,
        classifier(),
        x[:rows],
        y[:rows],
        thresholds,
        validation_data=(xv.astype(dtype), yv),
        **settings,
    )


def test_a_clean_split_passes():
    result = examined(0)
    assert result.status is Status.PASS
    assert result.measured == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_planted_rows_fail_with_their_places(dtype):
    result = examined(60, dtype=dtype)
    assert result.status is Status.FAIL
    assert result.measured == pytest.approx(0.2)
    assert result.evidence["validation"]["pairs"][:3] == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize(
    ("planted", "status"), [(1, Status.WARN), (5, Status.WARN), (6, Status.FAIL)]
)
def test_a_stray_copy_warns(planted, status):
    assert examined(planted).status is status


@pytest.mark.parametrize(
    ("planted", "status"), [(0, Status.PASS), (20, Status.WARN), (60, Status.FAIL)]
)
def test_rows_that_are_almost_copies(planted, status):
    x, y = digits()
    x = x.reshape(-1, 8, 8, 1)
    xv, yv = x[800:1100].copy(), y[800:1100].copy()
    xv[:planted], yv[:planted] = 0.98 * x[:planted] + 0.01, y[:planted]
    model = compiled(layers.Flatten(), layers.Dense(10, activation="softmax"), shape=(8, 8, 1))
    result = examine(leakage, model, x[:800], y[:800], validation_data=(xv, yv))
    assert result.status is status
    if planted:
        assert result.measured == pytest.approx(planted / 300, abs=0.01)


def test_the_threshold_decides():
    assert examined(60, thresholds={"share": 0.19}).status is Status.FAIL
    assert examined(60, thresholds={"share": 0.21}).status is Status.WARN


def test_oversampling_before_splitting_fails():
    x, y = digits()
    chosen = np.random.default_rng(0).integers(0, 600, 1800)
    x, y = x[chosen], y[chosen]
    result = examine(leakage, classifier(), x, y, validation_split=0.25)
    assert result.status is Status.FAIL
    assert result.measured > 0.8


def test_copies_in_the_test_data_fail():
    x, y = digits()
    result = examine(leakage, classifier(), x[:800], y[:800], test_data=(x[700:], y[700:]))
    assert result.status is Status.FAIL
    assert result.where == "test"


def test_validating_on_the_training_rows():
    x, y = digits()
    result = examine(leakage, classifier(), x, y, validation_data=(x, y))
    assert result.status is Status.FAIL
    assert "trained on" in result.cause
    result = examine(leakage, classifier(), x[:40], y[:40], validation_data=(x[:40], y[:40]))
    assert result.status is Status.WARN  # a demonstration


def table(x):
    model = compiled(layers.Dense(1, activation="sigmoid"), shape=x.shape[1:], loss="bce")
    y = (x.reshape(len(x), -1).sum(1) % 2).astype("int32")
    return examine(leakage, model, x, y, validation_split=0.25)


@pytest.mark.parametrize("bits", [1, 3, 6, 9, 12])
def test_few_states_are_on_both_sides_by_nature(bits):
    x = np.random.default_rng(bits).integers(0, 2, (800, bits)).astype("float32")
    assert table(x).status is Status.PASS


@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).integers(0, 90, (900, 1)).astype("float32"),
        np.log1p(np.random.default_rng(0).geometric(0.3, (900, 3))).astype("float32"),
        np.repeat(np.arange(900)[:, None] % 2, 40, 1).astype("float32"),
    ],
)
def test_grades_counts_and_repeated_columns(x):
    assert table(x).status is Status.PASS


def test_copies_of_a_table_with_one_rich_column_fail():
    random = np.random.default_rng(0)
    x = np.c_[random.standard_normal(900), random.integers(0, 2, (900, 3))].astype("float32")
    x[700:] = x[:200]
    assert table(x).status is Status.FAIL


def tokens(vocabulary, rows=1000, length=8):
    random = np.random.default_rng(0)
    x = np.zeros((rows, length), "int32")
    x[:, 0] = random.integers(1, vocabulary, rows)
    for t in range(1, length):
        jump = random.random(rows) < 0.1
        x[:, t] = np.where(jump, random.integers(1, vocabulary, rows), x[:, t - 1])
    model = compiled(
        layers.Embedding(vocabulary, 4), layers.Flatten(), layers.Dense(2), shape=(length,)
    )
    return model, x, x[:, -1] % 2


def test_short_texts_repeat_on_both_sides_alike():
    assert examine(leakage, *tokens(60), validation_split=0.2).status is Status.PASS


def test_texts_that_repeat_across_the_split_only_fail():
    model, x, y = tokens(4000, length=12)
    x = np.unique(x, axis=0)
    np.random.default_rng(0).shuffle(x)
    y, count = x[:, 0] % 2, int(0.8 * len(x))
    x[count:], y[count:] = x[: len(x) - count], y[: len(x) - count]
    assert examine(leakage, model, x, y, validation_split=0.2).status is Status.FAIL


def test_groups_must_not_be_torn():
    x, y = digits()
    groups = np.arange(len(x)) % 50
    result = examine(leakage, classifier(), x, y, validation_split=0.2, groups=groups)
    assert result.status is Status.FAIL
    assert result.measured == 1
    groups = np.arange(len(x)) // 10
    cut = {"training": groups[:1000], "validation": groups[1000:]}
    settings = {"validation_data": (x[1000:], y[1000:]), "groups": cut}
    assert examine(leakage, classifier(), x[:1000], y[:1000], **settings).status is Status.PASS


def test_groups_that_do_not_fit_are_refused():
    x, y = digits()
    with pytest.raises(InputError, match="7 labels for 1797 rows"):
        examine(leakage, classifier(), x, y, groups=np.arange(7))
    with pytest.raises(InputError, match="expected splits among"):
        examine(leakage, classifier(), x, y, groups={"train": np.arange(7)})


def test_not_applicable_says_why():
    with pytest.raises(NotApplicable, match="no validation or test data"):
        examine(leakage, classifier(), *digits())


@pytest.mark.parametrize("order", ["in time", "at random"])
@pytest.mark.parametrize("step", [np.pi / 100, 60 / 1499], ids=["equal", "almost equal"])
def test_windows_over_a_sine_are_equal_however_they_are_split(step, order):
    sine = np.sin(np.arange(1500) * step).astype("float32")
    x = np.stack([sine[i : i + 10] for i in range(1490)])[..., None]
    y = sine[10:]
    if order == "at random":
        mixed = np.random.default_rng(0).permutation(len(x))
        x, y = x[mixed], y[mixed]
    model = compiled(layers.Flatten(), layers.Dense(1), shape=(10, 1), loss="mse")
    result = examine(leakage, model, x, y, validation_split=0.25)
    assert result.status is Status.WARN
    assert "one series" in result.cause


def test_training_on_the_windows_that_validate_fails():
    x = np.random.default_rng(0).standard_normal(410).cumsum()
    x = np.stack([x[i : i + 10] for i in range(400)]).astype("float32")
    model = compiled(layers.Dense(1), shape=(10,), loss="mse")
    for held in (x, x[-100:]):
        result = examine(leakage, model, x, x[:, :1], validation_data=(held, held[:, :1]))
        assert result.status is Status.FAIL
