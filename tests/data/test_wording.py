"""Words, their parts and their pairs tell the label of a text."""

import numpy as np
import pytest

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.wording import is_text, ngrams, readable, said_of_texts

RANDOM = np.random.default_rng(0)
WORDS = np.array(["good", "bad", "film", "plot", "actor", "scene", "ending", "music"])


def texts(rows=200):
    """Texts whose label is which of two words comes first."""
    y = RANDOM.integers(0, 2, rows)
    made = [
        " ".join([*RANDOM.choice(WORDS[2:], 4), *(WORDS[:2] if one else WORDS[1::-1])])
        for one in y
    ]
    return np.array(made), y


@pytest.mark.parametrize("tokens", [False, True])
def test_pairs_tell_an_order(tokens):
    x, y = texts()
    if tokens:
        numbers = {word: number for number, word in enumerate(WORDS, 1)}
        x = np.array([[numbers[word] for word in text.split()] for text in x])
    assert is_text(x)
    p = said_of_texts(x, y, np.arange(len(x)) % 4)
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-6)
    assert (p.argmax(1) == y).mean() > 0.9


def test_forms_of_a_word_share_their_parts():
    made = ngrams(np.array(["wonderful", "wonderfully", "horrible"]))
    alike = (made @ made.T).toarray()
    assert alike[0, 1] > 0.3 > alike[0, 2]


def test_texts_without_a_word():
    with pytest.raises(NotApplicable, match="no words"):
        ngrams(np.array(["", "  "]))


def test_padding_says_nothing():
    made = ngrams(np.array([[3, 4, 0, 0], [3, 4, 5, 0]]))
    assert made.getnnz(1).tolist() == [3, 5]
    one_hot = np.eye(6)[np.array([[3, 4, 0, 0], [3, 4, 5, 0]])]
    assert (ngrams(one_hot) != made).nnz == 0


def test_a_class_of_one_part_is_never_expected_there():
    x, y = texts(60)
    folds = np.arange(60) % 3
    p = said_of_texts(x, np.where(folds == 0, 2, y), folds)
    assert (p[folds == 0, 2] == 0).all()
    alone = said_of_texts(x, (folds == 0).astype(int), np.minimum(folds, 1))
    assert (alone[folds == 0, 0] == 1).all()


def test_long_texts_are_read_in_part():
    assert readable(np.array(["a" * 1000])) < readable(np.array(["a" * 10]))
    assert readable(np.zeros((5, 1000), int)) < readable(np.zeros((5, 10), int))
