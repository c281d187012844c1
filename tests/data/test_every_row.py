"""Every row gets probabilities of models that saw neither it nor its copies."""

import numpy as np
import pytest
from specimens import digits

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data import every_row
from keras_recipe.data.batch import Batch
from keras_recipe.data.every_row import told_of_every_row


def told(x, y, rows=512, **settings):
    whole = Batch(x, y)
    return told_of_every_row(whole, whole.take(np.arange(min(rows, len(x)))), 0, **settings)


@pytest.mark.parametrize("flat", [True, False])
def test_digits_are_known(flat):
    x, y = digits(flat=flat)
    found = told(x, y + 3)
    assert found.classes.tolist() == list(range(3, 13))
    np.testing.assert_allclose(found.probabilities.sum(1), 1, rtol=1e-4)
    assert (found.probabilities.argmax(1) == y).mean() > 0.95
    own = found.probabilities[np.arange(len(y)), y]
    assert -np.log(own).mean() < 0.3  # and how sure it is is right, too


def test_bytes_in_rows_are_pictures_and_no_words():
    x, y = digits()
    found = told(np.rint(16 * x).astype("uint8"), y)
    assert len(found.rows) == len(y)
    assert (found.probabilities.argmax(1) == y).mean() > 0.9


def test_a_wrong_label_is_not_learned_from_a_copy_of_its_row():
    x, y = digits()
    x, y = x[:400], y[:400]
    shifted = (y + 1) % 10
    found = told(np.concatenate([x, x]), np.concatenate([y, y]))
    assert (found.probabilities.argmax(1)[:400] == y).mean() > 0.85
    both = told(
        np.concatenate([x, x[:80], x[:80]]), np.concatenate([y, shifted[:80], shifted[:80]])
    )
    said = both.probabilities.argmax(1)
    assert (said[400:] == shifted[:80].tolist() * 2).mean() < 0.5


def test_vectors_of_classes_and_many_rows(monkeypatch):
    x, y = digits()
    monkeypatch.setattr(every_row, "MOST_ROWS", 500)
    found = told(x, np.eye(10)[y])
    assert len(found.rows) == len(found.given) == 500
    np.testing.assert_array_equal(found.classes[found.given], y[found.rows])
    assert (found.rows == told(x, np.eye(10)[y]).rows).all()
    assert (found.rows != told(x, np.eye(10)[y], seed=1).rows).any()


def test_constant_columns_and_lost_ones():
    x, y = digits()
    x = x.copy()
    x[:, 5], x[:50, 20] = 7, np.nan
    assert np.isfinite(told(x, y).probabilities).all()
    flat = told(np.ones((200, 3), "float32"), np.arange(200) % 2)
    assert np.isfinite(flat.probabilities).all()


def test_a_row_far_beyond_the_others():
    x, y = digits(flat=True)
    x = x.copy()
    x[-1, 20] = 3e37  # not in the sample that says how the others are spread
    assert (told(x, y).probabilities.argmax(1) == y).mean() > 0.9


def test_too_many_classes():
    x, _ = digits()
    with pytest.raises(NotApplicable, match="1797 classes"):
        told(x, np.arange(len(x)))
