import numpy as np
import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.looking.words import decoder_of, plain

ROW = np.array([2, 1, 9, 0, 0])


@pytest.mark.parametrize(
    "given",
    [["", "good", "very"], {0: "", 1: "good", 2: "very"}, np.array(["", "good", "very"])],
)
def test_a_vocabulary_makes_words_and_leaves_padding_out(given):
    assert decoder_of(given)(ROW) == "very good <9>"


def test_a_function_gets_a_copy_of_the_row():
    def spoils(row):
        row[:] = 0
        return "text"

    row = ROW.copy()
    assert decoder_of(spoils)(row) == "text"
    np.testing.assert_array_equal(row, ROW)


def test_bytes_are_read_as_text():
    assert decoder_of(lambda row: "é".encode())(ROW) == "é"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda row: {}[7], "KeyError: 7 on the tokens [2, 1, 9, 0, 0]"),
        (lambda row: 3, "must return text. Received: int"),
    ],
)
def test_a_decoder_that_fails_is_one_sentence(given, said):
    with pytest.raises(InputError) as error:
        decoder_of(given)(ROW)
    assert said in str(error.value)


@pytest.mark.parametrize("given", ["words", 3])
def test_what_is_no_decoder_is_refused(given):
    with pytest.raises(InputError, match="function from a row of tokens"):
        decoder_of(given)


def test_without_a_decoder_rows_are_numbers_or_text():
    assert decoder_of(None) is None
    assert plain(ROW) == "2 1 9"
    assert plain(np.array(["a", "b"])) == "a b"
    assert plain(np.array([b"a"])) == "a"
