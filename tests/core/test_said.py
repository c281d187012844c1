import pytest

from keras_recipe.core.said import said

KERAS = (
    "Exception encountered when calling Sequential.call().\n\n\x1b[1mInput 0 is incompatible:"
    " expected 6, received (2, 3)\x1b[0m\n\nArguments received by Sequential.call():\n  • x"
)
TENSORFLOW = (
    "Graph execution error:\n\nDetected at node a/Relu defined at (most recent call last):\n"
    '  File "train.py", line 6, in <module>\n\n  File "b.py", line 9, in add\n\n'
    "Matrix size-incompatible: [2,2], [6,8]\n\t [[{{node a/Relu}}]] [Op:__inference_9]"
)
ARRAY = f"Invalid input tensor({[0.25] * 40}) for (None, 6)"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("one\n  two", "one two"),
        (KERAS, "Input 0 is incompatible: expected 6, received (2, 3)"),
        (TENSORFLOW, "Matrix size-incompatible: [2,2], [6,8]"),
        (ARRAY, "Invalid input tensor([…]) for (None, 6)"),
        ("shapes [(32,), (32, 2)] differ", "shapes [(32,), (32, 2)] differ"),
        ("", ""),
        ("x" * 500, "x" * 300),
    ],
)
def test_the_reason_is_one_line(text, short):
    assert said(ValueError(text)) == short
