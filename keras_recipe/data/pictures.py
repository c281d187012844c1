"""One file of a folder as an array: images, sounds and texts, as Keras's own readers give them.

Nothing here loads TensorFlow, which Keras's readers need.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import wavfile

from keras_recipe.data.files import Notes

#: Formats of tf.io.decode_image; Pillow calls a JPEG with a second picture behind it MPO.
KERAS_DECODES = ("JPEG", "MPO", "PNG", "GIF", "BMP")
COLOURS = {1: "L", 3: "RGB", 4: "RGBA"}
_TURN = 0x0112  # the EXIF tag that says how the camera was held
_BYTES = {"int16": 2.0**15, "int32": 2.0**31}  # what full loudness is, by sample type


def _along(length: int, wanted: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each wanted place its two neighbours and the share of the second."""
    half = np.float32(0.5)  # all in float32, so that the last bit is TensorFlow's
    places = (np.arange(wanted, dtype="float32") + half) * np.float32(length / wanted) - half
    low = np.floor(places)
    last = length - 1
    first, second = np.clip(low, 0, last).astype(int), np.clip(low + 1, 0, last).astype(int)
    return first, second, places - low


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return an image in another size, bilinear as `tf.image.resize` does it.

    Half-pixel centres and no antialiasing: Pillow's and SciPy's own resizing differ in one of
    the two, and the checks must see what training sees.

    Args:
        image: `(height, width, channels)`.
        size: Height and width wanted.

    Returns:
        float32 `(*size, channels)`.
    """
    image = np.asarray(image, "float32")
    if image.shape[:2] == tuple(size):
        return image
    above, below, down = _along(image.shape[0], size[0])
    left, right, across = _along(image.shape[1], size[1])
    top, bottom = (
        rows[:, left] + (rows[:, right] - rows[:, left]) * across[:, None]
        for rows in (image[above], image[below])
    )
    return np.asarray(top + (bottom - top) * down[:, None, None])


def _mode(image: Any) -> str:
    """Return what an image holds, whatever way it is stored: a palette is no colour mode."""
    if image.mode == "1":
        return "L"
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("RGBA", "LA", "PA") and image.getextrema()[-1][0] == 255:
        return "RGB" if image.mode == "RGBA" else "L"  # nothing shines through
    return str(image.mode)


def _pixels(image: Any, channels: int) -> np.ndarray:
    if image.mode.startswith("I;16"):  # TensorFlow keeps the upper byte; Pillow would clip
        image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    wanted = COLOURS[channels]
    array = np.asarray(image if image.mode == wanted else image.convert(wanted))
    return array[..., None] if array.ndim == 2 else array


def middle_size(paths: Sequence[str], most: tuple[int, int]) -> tuple[int, int]:
    """Return the height and the width that half of the images exceed, at most `most`.

    Only the heads of up to 1000 files, evenly spread, are read.
    """
    found = []
    for path in paths[:: max(1, len(paths) // 1000)]:
        with suppress(Exception), warnings.catch_warnings():  # it is noted when it is read
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                found.append(image.size[::-1])
    height, width = np.median(found or [most], axis=0).astype(int)
    return min(int(height), most[0]), min(int(width), most[1])


@dataclass(frozen=True)
class ImageReader:
    """Reads images; the first frame of those that move.

    Attributes:
        size: Height and width the image is brought to.
        channels: 1, 3 or 4.
        first: Whether the channels come first.
    """

    size: tuple[int, int]
    channels: int = 3
    first: bool = False

    def __call__(self, path: Path, place: str, notes: Notes) -> np.ndarray:
        """Return float32 `(*size, channels)`, from 0 to 255, and note what the file is."""
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # odd metadata, many pixels: it is read or it is not
            with Image.open(path) as image:
                image.load()
                kind, turn = str(image.format), image.getexif().get(_TURN, 1)
                mode, (width, height) = _mode(image), image.size
                array = resized(_pixels(image, self.channels), self.size)
        notes.add("mode", mode, place)
        notes.add("size", (height, width), place)
        if kind not in KERAS_DECODES:
            notes.add("format", kind, place)
        if turn not in (None, 0, 1):
            notes.add("turned", "turned", place)
        return np.moveaxis(array, -1, 0) if self.first else array


@dataclass(frozen=True)
class SoundReader:
    """Reads wave files.

    Attributes:
        length: Samples a row: longer sounds are cut, shorter ones filled with silence.
        channels: Channels a row.
    """

    length: int
    channels: int

    def __call__(self, path: Path, place: str, notes: Notes) -> np.ndarray:
        """Return float32 `(length, channels)`, from -1 to 1, and note what the file is."""
        rate, sound = _wave(path)
        if not sound.size:
            msg = "it holds no samples"
            raise ValueError(msg)
        kind = sound.dtype.name
        sound = sound[:, None] if sound.ndim == 1 else sound
        notes.add("rate", int(rate), place)
        notes.add("mode", f"{sound.shape[1]} channels", place)
        if kind != "int16":  # all that tf.audio.decode_wav takes
            notes.add("format", f"{kind} samples", place)
        if kind == "uint8":
            sound = (sound.astype("float32") - 128) / 128
        made = np.zeros((self.length, self.channels), "float32")
        cut = sound[: self.length, : self.channels] / np.float32(_BYTES.get(kind, 1.0))
        made[: len(cut), : cut.shape[1]] = cut
        return made


def _wave(path: Path) -> tuple[int, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks that are no sound
        rate, sound = wavfile.read(path, mmap=False)
    return rate, sound


def measured(path: Path) -> tuple[int, int]:
    """Return samples and channels of a wave file."""
    _, sound = _wave(path)
    return len(sound), 1 if sound.ndim == 1 else sound.shape[1]


@dataclass(frozen=True)
class TextReader:
    """Reads texts.

    Attributes:
        length: Characters a row at most.
    """

    length: int

    def __call__(self, path: Path, place: str, notes: Notes) -> np.ndarray:
        """Return the text as a string scalar and note what the file is."""
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            notes.add("encoding", "not UTF-8", f"{place}, byte {error.start}")
            text = raw.decode("latin-1")
        if not text.strip():
            notes.add("blank", "no text", place)
        if "\0" in text:
            notes.add("encoding", "NUL bytes", place)
            text = text.replace("\0", "")
        if len(text) > self.length:
            notes.add("cut", f"cut to {self.length} characters", place)
        return np.asarray(text[: self.length], f"U{self.length}")
