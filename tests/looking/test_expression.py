import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.looking.expression import evaluate

COLUMNS = {"loss": np.array([0.5, 2.0, np.nan]), "label": np.array([1, 2, 2])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss > 1", [False, True, False]),
        ("loss > 1 or label == 1", [True, True, False]),
        ("not loss > 1", [True, False, True]),
        ("0 < loss * 2 - 1 <= 3 and label != 1", [False, True, False]),
        ("label in [1, 3]", [True, False, False]),
        ("label not in (1, 3)", [False, True, True]),
        ("loss > -1", [True, True, False]),
        ("label % 2 == 0", [False, True, True]),
    ],
)
def test_values(text, expected):
    assert evaluate(text, COLUMNS).tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "loss.sum() > 1",
        "loss[0] > 1",
        "lambda: 1",
        "loss if 1 else 2",
        "2 ** loss",
    ],
)
def test_an_expression_cannot_do_anything(text):
    with pytest.raises(InputError, match="may hold names of columns"):
        evaluate(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("loss >", "cannot be read"),
        ("size > 1", "no score 'size' here; the scores are loss, label"),
        ("loss is 1", "may compare by"),
        ("loss + 'a' > 1", "has no value"),
    ],
)
def test_what_is_none_is_one_sentence(text, said):
    with pytest.raises(InputError, match=said):
        evaluate(text, COLUMNS)
