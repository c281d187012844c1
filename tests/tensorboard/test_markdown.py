import pytest

from keras_recipe.tensorboard import markdown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a|b", r"a\|b"),
        ("<script>", "&lt;script&gt;"),
        ("a\nb\t c", "a b c"),
        ("[x](y) `z` *s* _u_", r"\[x\](y) \`z\` \*s\* \_u\_"),
        (3, "3"),
    ],
)
def test_escaped(text, shown):
    assert markdown.escaped(text) == shown


def test_table():
    assert markdown.table(("a", "b"), [(1, "x|y"), (2, "")]).splitlines() == [
        "| a | b |",
        "| --- | --- |",
        r"| 1 | x\|y |",
        "| 2 |  |",
    ]


def test_code_is_set_off_by_four_spaces():
    assert markdown.code("a\n b") == "    a\n     b"
