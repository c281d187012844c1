import numpy as np
import pytest
from sklearn.datasets import load_digits

from keras_recipe.core.errors import InputError
from keras_recipe.looking.kinds import drawn

RANDOM = np.random.default_rng(0)
TOKENS = RANDOM.integers(0, 30, (64, 12))
WAVES = np.sin(np.linspace(0, 9, 90))[None, :, None] * RANDOM.random((20, 1, 3))
CASES = {
    "grey": (load_digits().images[:64], "image", (8, 8)),
    "channels last": (RANDOM.random((5, 9, 7, 3)), "image", (9, 7, 3)),
    "channels first": (RANDOM.random((5, 4, 9, 7)), "image", (9, 7, 4)),
    "bytes": (RANDOM.integers(0, 255, (5, 9, 9)).astype("uint8"), "image", (9, 9)),
    "film": (RANDOM.random((2, 6, 9, 9, 1)), "image", (9, 9, 1)),
    "table": (RANDOM.random((20, 4)), "row", (4,)),
    "one column": (RANDOM.random(20), "row", (1,)),
    "tokens": (TOKENS, "tokens", (12,)),
    "one-hot": (np.eye(30)[TOKENS], "tokens", (12,)),
    "series": (WAVES, "series", (90, 3)),
    "text": (np.array(["a b", "c"]), "text", (1,)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_row_is(name):
    x, kind, shape = CASES[name]
    found = drawn(x)
    assert (found.kind, found.values.shape[1:], found.name) == (kind, shape, "x")


def test_one_hot_tokens_are_their_numbers():
    np.testing.assert_array_equal(drawn(np.eye(30)[TOKENS]).values, TOKENS)


def test_a_decoder_says_that_whole_numbers_are_tokens():
    x = TOKENS.astype("float32")
    assert drawn(x).kind == "row"
    assert drawn(x, decoded=True).kind == "tokens"
    assert drawn(x + 0.5, decoded=True).kind == "row"


def test_the_first_picture_of_several_inputs_is_drawn():
    x = {"age": RANDOM.random((5, 1)), "photo": RANDOM.random((5, 8, 8, 3))}
    found = drawn(x)
    assert (found.name, found.others) == ("x['photo']", ("x['age']",))


def test_the_user_knows_better():
    assert drawn(load_digits().images, kind="series").kind == "series"
    with pytest.raises(InputError, match="`kind` is one of"):
        drawn(TOKENS, kind="movie")
    with pytest.raises(InputError, match="cannot be drawn as pictures"):
        drawn(TOKENS, kind="image")
