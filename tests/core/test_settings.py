"""`[tool.keras_recipe]`: unknown words are errors with the nearest right spelling."""

import pytest

from keras_recipe import checks
from keras_recipe.core.errors import ConfigError
from keras_recipe.core.settings import Settings


@pytest.fixture(autouse=True)
def _loaded():
    checks.load()


def write(folder, text):
    path = folder / "pyproject.toml"
    path.write_text(text)
    return path


def test_a_missing_file_means_defaults(tmp_path):
    assert Settings.from_pyproject(tmp_path / "none.toml") == Settings()


def test_everything_is_read(tmp_path):
    path = write(
        tmp_path,
        '[tool.keras_recipe]\nselect = ["KR2"]\nignore = ["KR209"]\n'
        "[tool.keras_recipe.tune.KR221]\nsteps = 3\n"
        '[tool.keras_recipe.waive]\nKR219 = "frozen on purpose"\n',
    )
    settings = Settings.from_pyproject(path)
    codes = [c.code for c in settings.chosen()]
    assert "KR221" in codes
    assert "KR209" not in codes
    assert all(code.startswith("KR2") for code in codes)
    assert settings.tune == {"KR221": {"steps": 3}}
    assert settings.waive == {"KR219": "frozen on purpose"}


def test_the_caller_overrides_the_file(tmp_path):
    path = write(tmp_path, '[tool.keras_recipe]\nselect = ["KR2"]\n')
    assert Settings.from_pyproject(path, select="KR222").select == ("KR222",)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[tool.keras_recipe]\nselct = ["KR2"]', "did you mean 'select'"),
        ('[tool.keras_recipe]\nselect = ["KR999"]', "KR999"),
        ("[tool.keras_recipe.tune.KR221]\nstep = 3", "did you mean 'steps'"),
        ('[tool.keras_recipe.tune.KR221]\nsteps = "many"', "must be a number"),
        ('[tool.keras_recipe.waive]\nKR219 = ""', "needs its reason"),
        ("[tool.keras_recipe]\nwaive = 3", "must be a table"),
        ("[tool.keras_recipe\n", "not valid TOML"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, text, word):
    with pytest.raises(ConfigError, match=word):
        Settings.from_pyproject(write(tmp_path, text))
