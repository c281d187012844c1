"""What texts say of their labels: a linear model on hashed n-grams, on all rows."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.tokens import is_one_hot, is_tokens

COLUMNS = 2**18  # of hashed n-grams: 10,000 short texts have about 200,000 of them
LETTERS = (3, 4, 5)  # of a word's parts, which are the same in its other forms
LETTERS_READ = 2**22  # letters, or tokens eight times fewer: about 10 s of one core
STEPS = 100  # of the optimizer, scikit-learn's default
LOOSE = 3.0  # inverse penalty: snippets' labels in 0.505 nats; in 0.538 with 1, 0.502 with 10


def is_text(leaf: np.ndarray) -> bool:
    """Whether rows are texts, or sequences of token numbers."""
    return leaf.dtype.kind in "US" or is_one_hot(leaf) or is_tokens(leaf)


def readable(leaf: np.ndarray) -> int:
    """Return how many rows like these are read in seconds."""
    if leaf.dtype.kind in "US":
        letters = np.char.str_len(leaf.reshape(len(leaf), -1)).sum(1).mean()
        return max(int(LETTERS_READ / max(letters, 1)), 1)
    return max(LETTERS_READ // 8 // max(leaf.shape[1], 1), 1)


def _parts_of_text(row: np.ndarray) -> Iterator[str]:
    words = " ".join(row.astype(str)).lower().split()
    yield from words
    yield from (f"{a} {b}" for a, b in itertools.pairwise(words))
    for word in words:
        marked = f"<{word}>"
        for size in LETTERS:
            yield from (f"\x1f{marked[i : i + size]}" for i in range(len(marked) - size + 1))


def _parts_of_tokens(row: np.ndarray) -> Iterator[str]:
    words = row[row != 0].tolist()
    yield from map(str, words)
    yield from (f"{a} {b}" for a, b in itertools.pairwise(words))


def _parts(row: np.ndarray) -> list[str]:
    kind = _parts_of_text if row.dtype.kind in "US" else _parts_of_tokens
    return list(kind(row))


def ngrams(leaf: np.ndarray, columns: int = COLUMNS) -> Any:
    """Return the sparse matrix `(rows, n-grams)` of what rows hold, rare ones weighing more.

    Words and pairs of words, and of texts the parts of words, too.

    Args:
        leaf: Texts `(rows,)` or `(rows, columns)`, token numbers `(rows, steps)` with 0 for
            padding, or one-hot tokens.
        columns: Of the hashes; those that no row has are left out.

    Raises:
        NotApplicable: No text has a word.
    """
    rows = leaf.argmax(-1) if is_one_hot(leaf) else leaf
    rows = rows.reshape(len(rows), -1)
    made = HashingVectorizer(
        analyzer=_parts, n_features=columns, alternate_sign=False, norm=None, dtype="float32"
    )
    counts = made.transform(rows)
    if not counts.nnz:
        msg = "the texts have no words"
        raise NotApplicable(msg)
    used = counts[:, np.unique(counts.indices)]
    return TfidfTransformer(sublinear_tf=True).fit_transform(used)


def _solver(classes: int) -> dict[str, Any]:
    """Return how weights are found: of two classes in the dual, three times as fast."""
    dual = {"solver": "liblinear", "dual": True, "random_state": 0}
    return dual if classes == 2 else {}


def said_of_texts(leaf: np.ndarray, given: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return class probabilities `(rows, classes)` from models that had not seen the row.

    Args:
        leaf: Texts or tokens, see `ngrams`.
        given: The class of each row, from 0 on without a gap.
        folds: The part each row belongs to; it is told by a model of the others.
    """
    size = int(given.max()) + 1
    made = ngrams(
        leaf, COLUMNS // max(1, size // 2)
    )  # as many weights for any number of classes
    told = np.zeros((len(given), size))
    for fold in np.unique(folds):
        own = np.flatnonzero(folds == fold)
        others = np.flatnonzero(folds != fold)
        seen = np.unique(given[others])
        if len(seen) < 2:  # nothing to tell apart
            told[np.ix_(own, seen)] = 1.0
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # nearly there is enough
            model = LogisticRegression(C=LOOSE, max_iter=STEPS, **_solver(len(seen)))
            model.fit(made[others], given[others])
        told[np.ix_(own, model.classes_)] = model.predict_proba(made[own])
    return told
