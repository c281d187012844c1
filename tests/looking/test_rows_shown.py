import numpy as np

from keras_recipe.looking.browse import browse

RANDOM = np.random.default_rng(0)


def test_rows_are_drawn_in_pages_and_what_is_not_is_said():
    x, y = RANDOM.random((200, 8, 8, 1)), np.arange(200) % 100
    shown = browse(x, y, kind="image").shown
    assert [len(sheet["inputs"]) for sheet in shown.sheets] == [32] * 4
    assert shown.sheets[1]["title"].endswith(": 33 to 64")
    assert "128 of the 200 rows are drawn" in shown.note
    assert "all 200 rows" in shown.sheets[0]["note"]
    assert len(shown.rows) == 200
    classes = browse(x, y.astype("float32")[:, None], class_names=[f"c{i}" for i in range(100)])
    shown = classes.per_class(2).shown
    assert len(shown.sheets) == 12
    assert "24 of the 200 rows are drawn" in shown.note


def test_masks_get_more_room():
    y = np.zeros((30, 8, 8), "int32")
    shown = browse(RANDOM.random((30, 8, 8, 3)), y).shown
    assert [len(sheet["inputs"]) for sheet in shown.sheets] == [12, 12, 6]


def test_the_table_has_labels_in_words_and_every_score():
    shown = browse(np.array(["one", "two"]), np.array([1, 0]), class_names=["<a>", "b"]).shown
    assert shown.heads == ["row", "label", "size", "duplicate", "copies", "text"]
    assert shown.rows == [
        ["0", "b", "3", "-1", "1", "one"],
        ["1", "<a>", "3", "-1", "1", "two"],
    ]


def test_what_is_not_drawn_is_named():
    x = {"photo": RANDOM.random((3, 8, 8, 3)), "age": RANDOM.random((3, 1))}
    assert "without x['age']" in browse(x).shown.note
