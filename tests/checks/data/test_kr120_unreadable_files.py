"""Files that cannot be decoded FAIL by name; odd ones WARN; arrays are skipped."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from specimens import cancer, compiled, examine

import keras_recipe
from keras_recipe.checks.data.kr120_unreadable_files import unreadable_files
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.data.class_folders import open_folder
from keras_recipe.data.tables import open_table

RANDOM = np.random.default_rng(0)


def picture(*shape, mode="RGB"):
    size = shape or (40, 60)
    pixels = RANDOM.integers(0, 255, (*size, 4), "uint8")
    return Image.fromarray(pixels).convert(mode)


@pytest.fixture
def folder(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for number in range(12):
            picture(40 + number, 60).save(tmp_path / name / f"{number:02}.png")
    return tmp_path


def judged(opened, **thresholds):
    list(opened.batches())
    return unreadable_files({"training": opened.files}, **thresholds)


def of(folder, **thresholds):
    return judged(open_folder(folder, image_size=8), **thresholds)


def test_whole_files_pass(folder):
    result = of(folder)
    assert result.status is Status.PASS
    assert "all 24 image files of training" in result.message
    assert result.evidence["classes"] == ["cats", "dogs"]


def test_what_cannot_be_decoded_fails_by_name(folder):
    whole = (folder / "cats" / "00.png").read_bytes()
    for number in range(7):
        (folder / "dogs" / f"{number}.jpg").write_bytes(whole[:300])
    result = of(folder)
    assert result.status is Status.FAIL
    assert result.measured == 7
    assert "7 files cannot be read beside 24" in result.message
    assert result.message.count("truncated") == 5  # the first few, the rest in the evidence
    assert len(result.evidence["unreadable"]) == 7


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("grey.png", picture(mode="L"), "1 L among RGB"),
        ("alpha.png", picture(mode="RGBA"), "1 RGBA among RGB"),
        ("ink.jpg", picture(mode="CMYK"), "1 CMYK among RGB"),
        ("strip.png", picture(20, 400), "of a shape that resizing"),
        ("dot.png", picture(2, 3), "far smaller than the others"),
        ("photo.webp", picture(), "passes over in silence"),
    ],
)
def test_odd_files_are_told(folder, name, image, words):
    image.save(folder / "dogs" / name)
    result = of(folder)
    assert result.status is Status.WARN
    assert words in result.message
    assert f"dogs/{name}" in result.message


def test_a_format_that_keras_does_not_decode_under_its_name(folder):
    picture().save(folder / "dogs" / "a.png", "WEBP")
    result = of(folder)
    assert result.status is Status.WARN
    assert "TensorFlow" in result.message


def test_a_photo_that_lies_on_its_side(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture().save(folder / "dogs" / "a.jpg", exif=exif)
    assert "EXIF turn" in of(folder).message


def test_empty_and_strange_class_folders(folder):
    (folder / "mice").mkdir()
    assert "such as mice" in of(folder).message
    result = judged(open_folder(folder, class_names=["dogs", "mice"]))
    assert "1 class folders that the training folder has not" in result.message


def test_healthy_variety_is_silent(folder):
    for number in range(12):  # tall and wide ones, opaque alpha, palettes
        picture(60, 40).save(folder / "cats" / f"t{number}.png")
    opaque = picture(mode="RGB").convert("RGBA")
    opaque.save(folder / "cats" / "opaque.png")
    picture(mode="P").save(folder / "cats" / "p.gif")
    (folder / "dogs" / "readme.md").write_text("how these were made")
    (folder / ".DS_Store").write_bytes(b"\0")
    assert of(folder).status is Status.PASS


def test_the_thresholds_decide(folder):
    picture(20, 70).save(folder / "dogs" / "wide.png")
    assert of(folder).status is Status.WARN
    assert of(folder, stretch=4.0).status is Status.PASS
    picture(12, 18).save(folder / "dogs" / "wide.png")
    assert of(folder).status is Status.PASS
    assert of(folder, smaller=3.0).status is Status.WARN


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ("", Status.PASS, "20 rows"),
        ("1,2,3\n", Status.FAIL, "line 22: 3 fields instead of 2"),
        ('1,"2\n', Status.FAIL, "read 20 rows of t.csv, then line 22: a quote is opened"),
        ('1,"2"3\n', Status.FAIL, "bad quotes, such as line 22"),
        ("1\n", Status.WARN, "rows with too few fields"),
        ("1,many\n", Status.WARN, "1 of 21 values of 'b' are no numbers"),
    ],
)
def test_tables(tmp_path, more, status, words):
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 20 + more)
    result = judged(open_table(tmp_path / "t.csv"))
    assert result.status is status
    assert words in result.message


def test_missing_values_are_no_damage(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n?,\n")
    result = judged(open_table(tmp_path / "t.csv"))
    assert result.status is Status.PASS
    assert result.evidence["notes"] == ["'a': 1 of 2 are '?'", "'b': 1 of 2 are blank"]


def test_arrays_are_skipped():
    model = compiled(layers.Dense(1, activation="sigmoid"), shape=(30,), loss="mse")
    with pytest.raises(NotApplicable, match="not as files"):
        examine(unreadable_files, model, *cancer())


def test_check_reads_a_folder_in_the_size_of_the_model(folder):
    (folder / "cats" / "bad.png").write_bytes(b"no")
    model = keras.Sequential(
        [keras.Input((16, 24, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    model.compile("sgd", "categorical_crossentropy")
    report = keras_recipe.check(
        model, folder, validation_data=folder, select=["KR111", "KR120"], verbose=0
    )
    assert report["KR120"].status == "fail"
    assert "24 image files of training and 24 image files of validation" in (
        report["KR120"].message
    )
    assert report["KR111"].status == "pass"  # training shuffles the files
    assert report.facts["task"].startswith("multiclass: the labels are one-hot")
