"""Folders of class folders: rows are those of Keras's own readers, broken files are noted."""

import pickle

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from keras_recipe.core.errors import InputError
from keras_recipe.data.class_folders import index, open_folder
from keras_recipe.data.pictures import resized
from keras_recipe.data.sources import open_source

RANDOM = np.random.default_rng(0)
MODES = {
    "png": ("RGB", "PNG"),
    "grey.png": ("L", "PNG"),
    "alpha.png": ("RGBA", "PNG"),
    "palette.png": ("P", "PNG"),
    "bits.png": ("1", "PNG"),
    "deep.png": ("I;16", "PNG"),
    "bmp": ("RGB", "BMP"),
    "gif": ("P", "GIF"),
    "jpg": ("RGB", "JPEG"),
    "grey.jpeg": ("L", "JPEG"),
}


def pixels(height, width, mode="RGB"):
    """Return a picture of smooth colours, so that a JPEG keeps them."""
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    planes = [down, across, down * across, 0.5 + across / 2]
    colours = (np.stack(planes, -1) * 255).astype("uint8")
    if mode == "I;16":
        return Image.fromarray((colours[..., 0].astype("uint16") << 8) + 77)
    if mode == "RGBA":
        return Image.fromarray(colours)
    return Image.fromarray(colours[..., :3]).convert(mode)


@pytest.fixture
def pictures(tmp_path):
    """Two classes with a file of every mode, and one file in a folder below."""
    for number, name in enumerate(("cats", "dogs")):
        (tmp_path / name / "more").mkdir(parents=True)
        for place, (ending, (mode, form)) in enumerate(MODES.items()):
            image = pixels(20 + 7 * place, 61 - 5 * place + number, mode)
            image.save(tmp_path / name / f"a.{ending}", form)
        pixels(9, 300).save(tmp_path / name / "more" / "b.PNG")
    return tmp_path


def of_keras(folder, **settings):
    pytest.importorskip("tensorflow")
    made = keras.utils.image_dataset_from_directory(
        folder, shuffle=False, verbose=False, **settings
    )
    parts = [(np.asarray(x), np.asarray(y)) for x, y in made]
    return *(np.concatenate(part) for part in zip(*parts, strict=True)), made


def all_of(source):
    batches = list(source.batches())
    return np.concatenate([b.x for b in batches]), np.concatenate([b.y for b in batches])


@pytest.mark.parametrize("size", [(256, 256), (16, 40)])
def test_images_are_those_of_keras(pictures, size):
    x, y = all_of(open_folder(pictures, image_size=size))
    theirs, labels, dataset = of_keras(pictures, image_size=size)
    paths = index(pictures).paths
    assert list(paths) == dataset.file_paths
    np.testing.assert_array_equal(y, labels)
    assert (x.dtype, y.dtype) == (theirs.dtype, labels.dtype)
    lossy = np.array([path.endswith(("jpg", "jpeg")) for path in paths])
    np.testing.assert_allclose(x[~lossy], theirs[~lossy], rtol=1e-5)
    # TensorFlow decodes JPEGs with a faster, coarser cosine transform than Pillow
    np.testing.assert_allclose(x[lossy], theirs[lossy], atol=3.01)


def test_grey_images_are_those_of_keras(pictures):
    for path in [*pictures.rglob("*.bmp"), *pictures.rglob("*.gif"), *pictures.rglob("*.jp*g")]:
        path.unlink()  # TensorFlow makes no grey of these, or rounds otherwise
    x, _ = all_of(open_folder(pictures, image_size=32, color_mode="grayscale"))
    theirs, _, _ = of_keras(pictures, image_size=(32, 32), color_mode="grayscale")
    np.testing.assert_allclose(x, theirs, atol=1.01)  # of 255


def test_resizing_keeps_what_has_the_size():
    image = RANDOM.integers(0, 255, (5, 7, 3)).astype("uint8")
    np.testing.assert_array_equal(resized(image, (5, 7)), image)
    np.testing.assert_allclose(resized(np.full((3, 4, 1), 9), (8, 2)), 9)


def test_labels_follow_the_sorted_folders(pictures):
    (pictures / "ants").mkdir()
    source = open_folder(pictures, image_size=8)
    _, y = all_of(source)
    assert source.files.classes == ("ants", "cats", "dogs")
    assert set(y.tolist()) == {1, 2}
    assert source.files.notes.of("empty class") == {"ants": 1}
    _, vectors = all_of(open_folder(pictures, image_size=8, label_mode="categorical"))
    np.testing.assert_array_equal(vectors, np.eye(3)[y])
    _, swapped = all_of(open_folder(pictures, image_size=8, class_names=["dogs", "cats"]))
    assert set(swapped.tolist()) == {0, 1}
    with pytest.raises(InputError, match="with 3 classes"):
        open_folder(pictures, label_mode="binary")


def test_broken_files_are_noted_and_left_out(pictures):
    folder = pictures / "cats"
    whole = (folder / "a.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "none.jpg").write_bytes(b"")
    (folder / "page.png").write_bytes(b"<html>not found</html>")
    (folder / "photo.webp").write_bytes(b"RIFF")
    (pictures / "loose.png").write_bytes(whole)
    (folder / "notes.md").write_text("no data")
    source = open_folder(pictures, image_size=8)
    x, y = all_of(source)
    notes = source.files.notes
    assert len(x) == len(y) == notes.read == 2 * (len(MODES) + 1)
    assert notes.where("unreadable") == ["cats/cut.png", "cats/none.jpg", "cats/page.png"]
    assert "truncated" in next(iter(notes.of("unreadable")))
    assert "cats/none.jpg: it is empty (0 bytes)" in notes.of("unreadable")
    assert notes.where("ignored") == ["cats/photo.webp", "loose.png"]


def test_a_jpeg_with_a_second_picture_is_a_jpeg(tmp_path):
    (tmp_path / "a").mkdir()
    first, second = pixels(20, 30), Image.new("RGB", (30, 20))
    path = tmp_path / "a" / "1.jpg"
    first.save(path, "MPO", save_all=True, append_images=[second])
    with Image.open(path) as image:
        assert image.format == "MPO"
    source = open_folder(tmp_path, image_size=(20, 30))
    x, _ = all_of(source)
    np.testing.assert_allclose(x[0], np.asarray(first), atol=20)  # of 255; the second is black
    assert not source.files.notes.of("format")
    assert not source.files.notes.of("unreadable")


def test_the_parts_are_the_whole_and_can_be_sent(pictures):
    source = open_folder(pictures, image_size=8)
    parts = pickle.loads(pickle.dumps(source.partitions))
    found = np.concatenate([batch.x for part in parts for batch in part()])
    np.testing.assert_array_equal(found, all_of(source)[0])


def test_a_folder_without_classes_has_no_labels(pictures):
    batch = open_source(pictures / "dogs" / "more").first
    assert batch.x.shape == (1, 256, 256, 3)
    assert batch.y is None


@pytest.fixture
def sounds(tmp_path):
    for name, steps, channels in (("a", 50, 1), ("a", 80, 2), ("b", 80, 1)):
        (tmp_path / name).mkdir(exist_ok=True)
        wave = RANDOM.integers(-(2**15), 2**15, (steps, channels)).astype("int16")
        wavfile.write(tmp_path / name / f"{steps}{channels}.wav", 8000, wave)
    return tmp_path


def test_sounds_are_those_of_keras(sounds):
    (sounds / "a" / "802.wav").unlink()
    x, y = all_of(open_folder(sounds))
    pytest.importorskip("tensorflow")
    made = keras.utils.audio_dataset_from_directory(
        sounds, shuffle=False, verbose=False, output_sequence_length=80
    )
    theirs, labels = next(iter(made))
    np.testing.assert_array_equal(x, theirs)
    np.testing.assert_array_equal(y, labels)


def test_odd_sounds_are_noted(sounds):
    wavfile.write(sounds / "b" / "float.wav", 8000, RANDOM.random(80).astype("float32"))
    wavfile.write(sounds / "b" / "fast.wav", 16000, np.zeros(9, "int16"))
    (sounds / "b" / "page.wav").write_text("<html>")
    source = open_folder(sounds)
    x, _ = all_of(source)
    notes = source.files.notes
    assert x.shape == (5, 80, 2)
    assert notes.of("format") == {"float32 samples": 1}
    assert notes.of("rate") == {8000: 4, 16000: 1}
    assert notes.where("unreadable") == ["b/page.wav"]


def test_texts_keep_their_words(tmp_path):
    for name, text in (("bad", b"na\xefve"), ("good", "naïve".encode()), ("good", b"")):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / f"{len(text)}.txt").write_bytes(text)
    source = open_folder(tmp_path)
    x, y = all_of(source)
    assert x.tolist() == ["naïve", "", "naïve"]
    assert y.tolist() == [0, 1, 1]
    assert source.files.notes.where("encoding") == ["bad/5.txt, byte 2"]
    assert source.files.notes.where("blank") == ["good/0.txt"]
