import json

import pytest

from keras_recipe import keras_json
from keras_recipe.core.errors import ConfigError


def write(folder, text):
    path = folder / "keras.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_keras_home_says_where_it_is(tmp_path):
    assert keras_json.location({"KERAS_HOME": str(tmp_path)}) == tmp_path / "keras.json"


def test_a_tilde_in_keras_home_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keras_json.location({"KERAS_HOME": "~/here"}) == tmp_path / "here" / "keras.json"


def test_without_keras_home_it_is_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keras_json.location({}) == tmp_path / ".keras" / "keras.json"


def test_an_unwritable_home_folder_sends_it_to_tmp(monkeypatch):
    monkeypatch.setattr(keras_json.os, "access", lambda *_: False)
    assert keras_json.location({}).parts[:3] == ("/", "tmp", ".keras")


def test_a_missing_file_says_nothing(tmp_path):
    assert keras_json.read(tmp_path / "keras.json") == {}


def test_a_good_file_is_read_whole_with_keys_keras_knows_better(tmp_path):
    content = {**keras_json.UNTOUCHED, "accelerator": "cpu", "devices": 2, "nnx_enabled": False}
    assert keras_json.read(write(tmp_path, json.dumps(content))) == content


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("{'backend': 'jax'}", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "must hold a JSON object"),
        ('"jax"', "must hold a JSON object"),
        ("null", "must hold a JSON object"),
        ('{"floatx": "float23"}', "'floatx' in .* must be float16 or float32 or float64"),
        ('{"floatx": null}', "Received: None"),
        ('{"floatx": ["float32"]}', "Received: \\['float32'\\]"),
        ('{"epsilon": "1e-7"}', "'epsilon' in .* must be a float"),
        ('{"epsilon": 1}', "'epsilon' in .* must be a float"),
        ('{"image_data_format": "NHWC"}', "must be channels_last or channels_first"),
        ('{"acelerator": "cpu"}', "did you mean 'accelerator'"),
        ('{"device": 2}', "did you mean 'devices'"),
    ],
)
def test_a_corrupt_file_is_one_sentence(tmp_path, text, telling):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=telling) as caught:
        keras_json.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_text(encoding="utf-8") == text


def test_bytes_that_are_no_text_are_one_sentence(tmp_path):
    path = tmp_path / "keras.json"
    path.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ConfigError, match="not valid JSON"):
        keras_json.read(path)


def test_a_folder_in_its_place_is_one_sentence(tmp_path):
    (tmp_path / "keras.json").mkdir()
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        keras_json.read(tmp_path / "keras.json")


def test_untouched_means_keras_wrote_its_defaults(tmp_path):
    assert keras_json.untouched({**keras_json.UNTOUCHED, "accelerator": "cpu"})
    assert not keras_json.untouched({"backend": "tensorflow"})
    assert not keras_json.untouched({**keras_json.UNTOUCHED, "backend": "jax"})


def test_the_defaults_are_what_the_running_keras_writes(tmp_path):
    import keras

    path = keras_json.location()
    assert keras.config.floatx() == "float32"
    assert keras_json.untouched(keras_json.read(path))
