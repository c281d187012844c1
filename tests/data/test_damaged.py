"""Damaged input of many kinds: each gives a sentence, and what was read before it is kept."""

import gzip
import pickle
import struct
import zlib

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from keras_recipe.checks.data.kr120_unreadable_files import unreadable_files
from keras_recipe.core.errors import KerasRecipeError
from keras_recipe.data import csv_text
from keras_recipe.data.sources import open_source

RANDOM = np.random.default_rng(0)
GOOD = "a,b\n" + "".join(f"{n},{n * n}\n" for n in range(20))


def sentence(*data):
    """Return what a person is told of the data, and how many rows were read."""
    try:
        source = open_source(*data)
        rows = sum(len(batch) for batch in source.batches())
    except KerasRecipeError as error:
        return str(error), 0
    if source.files is None:
        return "", rows
    assert source.files.notes.read == rows
    result = unreadable_files({"training": source.files})
    return "; ".join([result.message, *result.evidence["notes"]]), rows


def judge(told, rows, words, least):
    assert words in told
    assert "Traceback" not in told
    assert len(told) < 2000
    assert "\n" not in told
    assert rows == least


#: Name of the damage: what the file holds, what is said of it, and how many rows are read.
TABLES = {
    "no bytes": (b"", "is empty", 0),
    "blank lines": (b"\n\n  \n", "is empty", 0),
    "a header alone": ("a,b\n", "has 0 rows", 0),
    "a header without line end": ("a,b", "has 0 rows", 0),
    "one row": ("a,b\n1,2\n", "all 1 rows", 1),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "all 20 rows", 20),
    "Latin-1": (GOOD.encode() + "7,Ä\n".encode("latin-1"), "not UTF-8", 0),
    "UTF-16": (GOOD.encode("utf-16"), "UTF-16", 0),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "no text", 0),
    "NUL bytes": (GOOD.encode() + b"7,\x008\n", "NUL bytes", 21),
    "Windows's line ends": (GOOD.replace("\n", "\r\n"), "all 20 rows", 20),
    "old Macintosh's line ends": (GOOD.replace("\n", "\r"), "no line ends", 0),
    "no last line end": (GOOD + "1,2", "all 21 rows", 21),
    "a field too many": (GOOD + "1,2,3\n4,5\n", "line 22: 3 fields instead of 2", 21),
    "a field too few": (GOOD + "1\n4,5\n", "too few fields", 22),
    "fields too many in all rows": ("a,b\n1,2,3\n4,5,6\n", "row names, as of R", 2),
    "fields too many by two": ("a,b\n1,2,3,4\n", "4 fields instead of 2", 0),
    "a comma at every end": ("a,b\n1,2,\n3,4,\n", "all 2 rows", 2),
    "a quote never closed": (GOOD + '7,"8\n9,9\n', "read 20 rows of t.csv, then line 22", 20),
    "words after a quote": (GOOD + '7,"8"8\n9,9\n', "bad quotes, such as line 22", 21),
    "a line end in quotes": ('a,b\n1,"x\ny"\n2,z\n', "all 2 rows", 2),
    "a field of megabytes": (GOOD + "7," + "8" * 200_000 + "\n", "1 of 21 values of 'b'", 21),
    "no line ends at all": ("x," * 3_000, "line 1 has more than", 0),
    "no header": (GOOD[4:], "the first line holds numbers", 20),
    "a name twice": ("a,a\n1,2\n", "two columns are called 'a'", 1),
    "a name left out": ("a,\n1,2\n", "all 1 rows", 1),
    "a column without values": ("a,b\n1,\n2,NA\n", "'b': 1 of 2 are blank", 2),
    "no values at all": ("a,b\n,\n?,NA\n", "'a': 1 of 2 are blank", 2),
    "question marks": ("a,b\n?,2\n3,4\n", "'a': 1 of 2 are '?'", 2),
    "words among numbers": (GOOD + "many,1\n", "1 of 21 values of 'a' are no numbers", 0),
    "numbers among words": ("a,b\nx,1\ny,1\n3,1\n", "'a': 3 words", 3),
    "dates in several zones": (
        "a,b\n2020-01-01T00:00+02:00,1\n2020-01-01T00:00Z,2\n",
        "dates",
        2,
    ),
    "two ways to write dates": ("a\n1/2/2020\n3/4/2020\n", "more than one format fits", 2),
    "a day that is none": ("a\n2020-02-30\n2020-01-01\n2020-01-02\n", "no dates", 0),
    "the year 9999": ("a\n9999-12-31\n0001-01-01\n", "dates", 2),
    "whole numbers of 30 digits": ("a,b\n" + "1" * 30 + ",2\n", "beyond 2^53", 1),
    "infinity": ("a,b\ninf,2\n-Infinity,2\n", "all 2 rows", 2),
    "a number beyond float64": ("a,b\n1e999,2\n2,3\n", "all 2 rows", 2),
    "prices": ("a,b\n$5,1\n$6,2\n", "'a': 2 words", 2),
    "true and false": ("a,b\nTrue,1\nfalse,2\n", "'a': 2 words", 2),
    "decimal commas": ("a;b\n1,5;2\n2,5;3\n", "decimal commas", 2),
    "tabs": (GOOD.replace(",", "\t"), "all 20 rows", 20),
    "an image": (b"\x89PNG\r\n\x1a\n" + b"0" * 99, "a PNG image", 0),
    "gzip": (gzip.compress(GOOD.encode()), "compressed with gzip", 0),
    "Excel": (b"PK\x03\x04" + b"0" * 99, "a zip archive", 0),
    "a page of the web": ("<!DOCTYPE html><html>not found", "an HTML page", 0),
    "a pointer of Git LFS": ("version https://git-lfs.github.com/spec/v1\n", "Git LFS", 0),
    "a pickle": (pickle.dumps(GOOD, protocol=4), "a pickle", 0),
    "Parquet": (b"PAR1" + b"0" * 99, "a Parquet file", 0),
}
NUMBER_READ = {"Latin-1": 21, "words among numbers": 21, "a day that is none": 3}


@pytest.mark.parametrize("damage", TABLES)
def test_a_damaged_table(damage, tmp_path, monkeypatch):
    text, words, rows = TABLES[damage]
    monkeypatch.setattr(
        csv_text, "LONGEST_LINE", 2**12 if damage == "no line ends at all" else 2**24
    )
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    judge(*sentence(path), words, NUMBER_READ.get(damage, rows))


def test_a_row_group_that_breaks_keeps_the_rows_before(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = __import__("pyarrow").table({"a": np.arange(4000.0), "b": RANDOM.random(4000)})
    path = tmp_path / "t.parquet"
    parquet.write_table(table, path, row_group_size=1000, compression="gzip")
    broken = bytearray(path.read_bytes())
    start = parquet.ParquetFile(path).metadata.row_group(2).column(1).data_page_offset
    broken[start : start + 400] = b"\xff" * 400
    path.write_bytes(broken)
    told, rows = sentence(path)
    assert rows == 3000  # the other three row groups
    assert "read 3000 rows of t.parquet, then row group 2" in told


def _lists(pyarrow):
    return pyarrow.table({"a": [[1], [2, 3]], "b": [1, 2]})


PARQUET = {
    "no bytes": (lambda whole: b"", "cannot be read as Parquet"),
    "its end lost": (lambda whole: whole[:-200], "cannot be read as Parquet"),
    "a CSV under its name": (lambda whole: GOOD.encode(), "cannot be read as Parquet"),
    "a footer of noise": (lambda whole: whole[:-60] + b"x" * 52 + whole[-8:], "Parquet"),
    "lists in a column": (lambda whole: whole, "'a' holds values of type"),
}


@pytest.mark.parametrize("damage", PARQUET)
def test_a_damaged_parquet_file(damage, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    parquet.write_table(_lists(__import__("pyarrow")), path)
    spoil, words = PARQUET[damage]
    path.write_bytes(spoil(path.read_bytes()))
    judge(*sentence(path), words, 2 if damage == "lists in a column" else 0)


def saved(path, form, mode="RGB", size=(30, 20), **settings):
    pixels = RANDOM.integers(0, 255, (*size[::-1], 4), "uint8")
    Image.fromarray(pixels).convert(mode).save(path, form, **settings)


def _cut(path, form):
    saved(path, form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _bomb(path):
    """A PNG whose head says 50,000 x 50,000."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)


def _bad_sum(path):
    saved(path, "PNG")
    whole = bytearray(path.read_bytes())
    whole[20] ^= 255
    path.write_bytes(whole)


#: Name of the damage: how the file is made, and what is said; all others are read.
IMAGES = {
    "no bytes": (lambda p: p.write_bytes(b""), "it is empty (0 bytes)"),
    "half a PNG": (lambda p: _cut(p, "PNG"), "truncated"),
    "half a JPEG": (lambda p: _cut(p, "JPEG"), "runcated"),
    "half a BMP": (lambda p: _cut(p, "BMP"), "truncated"),
    "half a GIF": (lambda p: _cut(p, "GIF"), "cannot be read"),
    "a page of the web": (lambda p: p.write_text("<html>404"), "begins with b'<html>404'"),
    "another's resource fork": (lambda p: p.write_bytes(b"\0\5\x16\7" * 9), "no image"),
    "a head and nothing more": (lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n"), "cannot be"),
    "a wrong checksum": (_bad_sum, "cannot be read"),
    "a bomb": (_bomb, "cannot be read"),
    "a link to nowhere": (lambda p: p.symlink_to("gone"), "No such file"),
    "a folder of its name": (lambda p: p.mkdir(), "all 8 image files"),
    "WebP under its name": (lambda p: saved(p, "WEBP"), "does not decode"),
    "TIFF under its name": (lambda p: saved(p, "TIFF"), "does not decode"),
    "ink": (lambda p: saved(p, "JPEG", "CMYK"), "1 CMYK among RGB"),
    "grey": (lambda p: saved(p, "PNG", "L"), "1 L among RGB"),
    "sixteen bits": (lambda p: Image.new("I;16", (30, 20)).save(p, "PNG"), "1 I;16 among RGB"),
    "one pixel": (lambda p: saved(p, "PNG", size=(1, 1)), "far smaller"),
    "a strip": (lambda p: saved(p, "PNG", size=(900, 3)), "of a shape"),
}
READ_ALL_THE_SAME = 8, 9


@pytest.mark.parametrize("damage", IMAGES)
def test_a_damaged_image(damage, tmp_path):
    (tmp_path / "a").mkdir()
    for name in "rstuvxyz":
        saved(tmp_path / "a" / f"{name}.png", "PNG")
    make, words = IMAGES[damage]
    make(tmp_path / "a" / "odd.png")
    told, rows = sentence(tmp_path)
    judge(told, rows, words, rows)
    assert rows in READ_ALL_THE_SAME
    assert ("a/odd.png" in told) == (damage != "a folder of its name")


def _wave(path, kind="int16"):
    wavfile.write(path, 8000, np.zeros(500, kind))


SOUNDS = {
    "no bytes": (lambda p: p.write_bytes(b""), "it is empty (0 bytes)"),
    "an MP3 under its name": (lambda p: p.write_bytes(b"ID3\3" + b"\0" * 99), "not understood"),
    "a head alone": (lambda p: p.write_bytes(b"RIFF\x24\0\0\0WAVE"), "cannot be read"),
    "no samples": (lambda p: wavfile.write(p, 8000, np.zeros(0, "int16")), "cannot be read"),
    "floats": (lambda p: _wave(p, "float32"), "does not decode"),
    "eight bits": (lambda p: _wave(p, "uint8"), "does not decode"),
    "another rate": (lambda p: wavfile.write(p, 44100, np.zeros(9, "int16")), "sample rate"),
}


@pytest.mark.parametrize("damage", SOUNDS)
def test_a_damaged_sound(damage, tmp_path):
    (tmp_path / "a").mkdir()
    for name in "rstuvxyz":
        _wave(tmp_path / "a" / f"{name}.wav")
    make, words = SOUNDS[damage]
    make(tmp_path / "a" / "odd.wav")
    told, rows = sentence(tmp_path)
    judge(told, rows, words, rows)
    assert rows in READ_ALL_THE_SAME
    assert "a/odd.wav" in told


TEXTS = {
    "no bytes": (b"", "without content"),
    "Latin-1": ("Käse".encode("latin-1"), "not UTF-8"),
    "UTF-16": ("cheese".encode("utf-16"), "not UTF-8"),
    "NUL bytes": (b"cheese\0", "NUL bytes"),
}


@pytest.mark.parametrize("damage", TEXTS)
def test_a_damaged_text(damage, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "good.txt").write_text("cheese")
    text, words = TEXTS[damage]
    (tmp_path / "a" / "odd.txt").write_bytes(text)
    judge(*sentence(tmp_path), words, 2)


FOLDERS = {
    "nothing in it": (lambda p: None, "holds no file that can be read"),
    "nothing but empty classes": (
        lambda p: (p / "a").mkdir(),
        "holds no file that can be read",
    ),
    "files of another kind": (lambda p: (p / "a.exe").write_text("x"), "holds no file"),
    "nothing that can be read": (lambda p: (p / "a.png").write_text("x"), "None of the 1"),
    "tables without rows": (lambda p: (p / "a.csv").write_text("a,b\n"), "has 0 rows"),
}


@pytest.mark.parametrize("damage", FOLDERS)
def test_a_damaged_folder(damage, tmp_path):
    make, words = FOLDERS[damage]
    make(tmp_path)
    judge(*sentence(tmp_path), words, 0)


class Breaking(keras.utils.PyDataset):
    """Raises, or yields something else, in its third batch."""

    def __init__(self, third):
        super().__init__()
        self.third = third

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return self.third() if index == 2 else (np.zeros((8, 2)), np.zeros(8))


def _raise():
    msg = "the disk is gone"
    raise OSError(msg)


PIPELINES = {
    "raises midway": (_raise, "at batch 2, after 16 rows, it raised OSError: the disk is gone"),
    "yields nothing": (lambda: None, "0 rows"),
    "yields four parts": (lambda: (1, 2, 3, 4), "got 4 parts"),
    "yields fewer labels": (lambda: (np.zeros((8, 2)), np.zeros(7)), "same number of rows"),
    "yields an empty batch": (lambda: (np.zeros((0, 2)), np.zeros(0)), "0 rows"),
    "yields words for labels": (lambda: (np.zeros((2, 2)), ["a", "b"]), "labels are strings"),
    "yields ragged rows": (lambda: ([[1.0], [1.0, 2.0]], [0, 1]), "ragged"),
    "yields dates": (lambda: (np.array(["2020-01-01"], "M8[D]"), [0]), "no layer takes"),
    "yields complex numbers": (lambda: (np.zeros((2, 2), "complex64"), [0, 1]), "complex64"),
    "yields objects": (lambda: (np.array([[{}, 1]], object), [0]), "Python objects"),
}


@pytest.mark.parametrize("damage", PIPELINES)
def test_a_damaged_pipeline(damage):
    third, words = PIPELINES[damage]
    judge(*sentence(Breaking(third)), words, 0)


def test_keras_s_own_reader_is_told_which_file_broke_it(tmp_path):
    pytest.importorskip("tensorflow")
    (tmp_path / "a").mkdir()
    for name in "xyz":
        saved(tmp_path / "a" / f"{name}.png", "PNG")
    (tmp_path / "a" / "odd.png").write_text("<html>")
    dataset = keras.utils.image_dataset_from_directory(
        tmp_path, batch_size=1, shuffle=False, verbose=False
    )
    told, _ = sentence(dataset)
    assert "a/odd.png: it is no image (it begins with b'<html>')" in told


def test_a_class_for_each_of_many_rows(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{n % 7},c{n}\n" for n in range(30_000)))
    source = open_source(path, "b")
    assert len(source.files.classes) == 30_000
    assert next(source.partitions[-1]()).y.dtype == "int32"


def test_there_are_more_than_sixty_kinds():
    kinds = (TABLES, PARQUET, IMAGES, SOUNDS, TEXTS, FOLDERS, PIPELINES)
    assert sum(map(len, kinds)) > 90
