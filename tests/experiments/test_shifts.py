import numpy as np
import pytest

from keras_recipe.experiments.shifts import as_tokens, shift_of


def words(rows=40, steps=12, vocabulary=20):
    return np.random.RandomState(0).randint(1, vocabulary, (rows, steps + 3))


def walks(rows=40, steps=12):
    steps_of = np.random.RandomState(0).normal(size=(rows, steps + 3, 1))
    return np.cumsum(steps_of, axis=1).astype("float32")


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("make", [words, walks])
def test_the_number_of_steps_is_found(make, steps):
    whole = make()
    found = shift_of(whole[:, :12], whole[:, steps : 12 + steps])
    assert found is not None
    assert found.steps == steps
    assert found.tokens == (make is words)


@pytest.mark.parametrize("make", [words, walks])
def test_the_same_step_is_shift_zero(make):
    whole = make()
    assert shift_of(whole, whole).steps == 0


@pytest.mark.parametrize("make", [words, walks])
def test_the_past_is_no_shift(make):
    whole = make()
    assert shift_of(whole[:, 2:], whole[:, :-2]) is None


def test_one_channel_of_several():
    whole = walks()
    both = np.concatenate([whole, np.random.RandomState(1).normal(size=whole.shape)], 2)
    assert shift_of(both[:, :12], whole[:, 1:13]).steps == 1


def test_ignored_targets_do_not_count():
    whole = words()
    y = whole[:, 1:13].copy()
    y[:, ::2] = -1
    assert shift_of(whole[:, :12], y).steps == 1


def test_a_sequence_that_seldom_changes_is_still_told_by_its_changes():
    random = np.random.RandomState(0)
    whole = np.repeat(random.randint(1, 30, (64, 4)), 30, axis=1)
    assert shift_of(whole[:, :-1], whole[:, 1:]) is None  # 3 changes in 119 steps: too few
    whole = np.repeat(random.randint(1, 30, (64, 20)), 6, axis=1)
    assert shift_of(whole[:, :-1], whole[:, 1:]).steps == 1


def test_tags_and_noise_are_none():
    x = words()
    assert shift_of(x, x // 2) is None
    assert shift_of(x, words()[::-1].copy()) is None
    assert shift_of(x, x[:, ::-1].copy()) is None


@pytest.mark.parametrize("frequency", [0.3, 0.5, 1.0])
def test_what_the_past_tells_too_proves_nothing(frequency):
    start = np.random.RandomState(0).uniform(0, 6, (40, 1, 1))
    angles = start + frequency * np.arange(30)[None, :, None]
    assert shift_of(np.sin(angles), np.cos(angles)) is None


def test_tokens_in_every_form():
    x = words()
    assert as_tokens(x.astype("float32")).dtype.kind == "i"
    np.testing.assert_array_equal(as_tokens(np.eye(20)[x]), x)
    assert as_tokens(x + 0.5) is None
    assert as_tokens(x[:, 0]) is None
