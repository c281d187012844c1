import tempfile

import pytest

from keras_recipe.core.errors import InputError
from keras_recipe.core.folders import refuse_unwritable, unwritable


def test_a_folder_that_can_be_made_is_not_made(tmp_path):
    assert unwritable(tmp_path / "a" / "b") == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_below_a_file(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"is a file.*--output"):
        refuse_unwritable(tmp_path / "file" / "runs", "--output")


def test_a_folder_that_refuses(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert unwritable(tmp_path) == "Permission denied"
