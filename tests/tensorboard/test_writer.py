import copy
import io
import os
import pickle
import subprocess
import sys

import board_reader
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from tensorboard.plugins.hparams import api_pb2, metadata

from keras_recipe.core.errors import InputError
from keras_recipe.tensorboard import Writer, encode


def written(folder, **calls):
    """Call each method of a writer with its arguments and return the summaries."""
    with Writer(folder) as writer:
        for method, arguments in calls.items():
            getattr(writer, method)(*arguments)
    return board_reader.values(folder)


def test_a_file_says_its_version_first(tmp_path):
    written(tmp_path, scalar=("loss", 0.5, 3))
    assert [event.file_version for event in board_reader.events(tmp_path)] == [
        "brain.Event:2",
        "",
    ]


@pytest.mark.parametrize("value", [0.5, 2, np.float64(0.25), np.array([3.0]), 1e-30])
def test_scalar(tmp_path, value):
    ((tag, step, number),) = written(tmp_path, scalar=("loss", value, 3))
    assert (tag, step) == ("loss", 3)
    assert number.dtype == np.float32
    assert float(number) == np.float32(np.ravel(value)[0])


@pytest.mark.parametrize(
    ("value", "stored"), [(np.nan, np.nan), (np.inf, np.inf), (1e300, np.inf)]
)
def test_a_scalar_need_not_be_finite(tmp_path, value, stored):
    ((_, _, number),) = written(tmp_path, scalar=("loss", value))
    np.testing.assert_equal(float(number), stored)


def test_histogram_agrees_with_numpy(tmp_path):
    data = np.random.default_rng(0).normal(size=(40, 25)).astype("float32")
    ((_, step, found),) = written(tmp_path, histogram=("w", data, 2))
    counts, edges = np.histogram(data, bins=encode.BUCKETS)
    assert step == 2
    np.testing.assert_allclose(found[:, 0], edges[:-1], atol=1e-6)
    np.testing.assert_allclose(found[:, 1], edges[1:], atol=1e-6)
    np.testing.assert_array_equal(found[:, 2], counts)


@pytest.mark.parametrize(
    ("data", "counted"),
    [
        ([], 0),
        ([np.nan, np.inf], 0),
        ([2.0, 2.0, 2.0], 3),
        ([1.0, np.nan, 3.0, -np.inf], 2),
        ([1e300, -1e300], 2),
        ([1e8, np.nextafter(1e8, 2e8)], 2),
        ([0.0, 5e-324], 2),
        (np.arange(7), 7),
        ([True, False], 2),
        (np.float16([1, 2]), 2),
    ],
)
def test_every_finite_value_is_in_one_bucket(data, counted):
    found = encode.buckets(data)
    assert found.shape == (encode.BUCKETS, 3)
    assert found[:, 2].sum() == counted
    assert np.isfinite(found).all()
    assert (found[:, 0] <= found[:, 1]).all()


def pixels(picture):
    """PNG bytes as uint8 RGB."""
    return np.rint(imread(io.BytesIO(picture))[..., :3] * 255).astype("uint8")


@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
@pytest.mark.parametrize("scale", [255, 1.0])
def test_image_keeps_every_pixel(tmp_path, channels, scale):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, *channels)).astype("uint8")
    if channels == (4,):
        image[..., 3] = 255
    given = image if scale == 255 else (image / 255).astype("float32")
    ((_, _, (width, height, picture)),) = written(tmp_path, image=("x", given))
    assert (width, height) == (b"7", b"5")
    expected = image[..., :3] if channels else image[..., None]
    np.testing.assert_array_equal(
        pixels(picture), np.broadcast_to(expected, (5, 7, 3)), strict=True
    )


def test_image_clips_floats_and_shows_nan_black():
    found = pixels(encode.png(np.array([[-1.0, 0.5, 2.0, np.nan]])))
    assert found[0, :, 0].tolist() == [0, 128, 255, 0]


def test_image_takes_png_bytes_as_they_are_and_figures(tmp_path):
    figure = Figure(figsize=(2, 1), dpi=50)
    png = encode.png(np.zeros((3, 4)))
    with Writer(tmp_path) as writer:
        writer.image("bytes", png)
        writer.image("figure", figure)
    found = {tag: array for tag, _, array in board_reader.values(tmp_path, "images")}
    assert found["bytes"].tolist() == [b"4", b"3", png]
    assert found["figure"][:2].tolist() == [b"100", b"50"]


@pytest.mark.parametrize(
    "image",
    [b"GIF89a", b"", "x.png", np.zeros(3), np.zeros((2, 2, 2)), np.zeros((2, 2), "int64"),
     np.zeros((0, 3)), None],
)  # fmt: skip
def test_what_is_not_an_image_is_refused(tmp_path, image):
    with Writer(tmp_path) as writer, pytest.raises(InputError, match="image must be"):
        writer.image("x", image)
    assert board_reader.values(tmp_path) == []


def test_text(tmp_path):
    text = "| a | b |\n| --- | --- |\n| ü | 数 |"
    ((tag, step, found),) = written(tmp_path, text=("t", text, 1))
    assert (tag, step, found.item().decode()) == ("t", 1, text)


def plugin_data(folder):
    return {
        value.tag: value.metadata.plugin_data.content
        for event in board_reader.events(folder)
        for value in event.summary.value
    }


def test_hparams(tmp_path):
    settings = {"lr": np.float32(0.5), "epochs": 3, "decay": False, "optimizer": "adam",
                "clip": np.inf}  # fmt: skip
    with Writer(tmp_path) as writer:
        writer.hparams_config(settings, ["loss", "recipe/val_loss"])
        writer.hparams(settings)
        writer.hparams_end()
    found = plugin_data(tmp_path)
    start = metadata.parse_session_start_info_plugin_data(
        found[metadata.SESSION_START_INFO_TAG]
    )
    assert {name: getattr(v, v.WhichOneof("kind")) for name, v in start.hparams.items()} == {
        "lr": 0.5, "epochs": 3.0, "decay": False, "optimizer": "adam", "clip": "inf",
    }  # fmt: skip
    table = metadata.parse_experiment_plugin_data(found[metadata.EXPERIMENT_TAG])
    assert {info.name: info.type for info in table.hparam_infos} == {
        "lr": api_pb2.DATA_TYPE_FLOAT64, "epochs": api_pb2.DATA_TYPE_FLOAT64,
        "decay": api_pb2.DATA_TYPE_BOOL, "optimizer": api_pb2.DATA_TYPE_STRING,
        "clip": api_pb2.DATA_TYPE_STRING,
    }  # fmt: skip
    assert [(m.name.group, m.name.tag, m.display_name) for m in table.metric_infos] == [
        ("", "loss", "loss"),
        ("", "recipe/val_loss", "val_loss"),
    ]
    end = metadata.parse_session_end_info_plugin_data(found[metadata.SESSION_END_INFO_TAG])
    assert end.status == api_pb2.STATUS_SUCCESS
    assert end.end_time_secs >= start.start_time_secs


def test_equal_settings_are_one_trial(tmp_path):
    groups = []
    for number, settings in enumerate([{"a": 1, "b": 2}, {"b": 2, "a": 1.0}, {"a": 1, "b": 3}]):
        with Writer(tmp_path / str(number)) as writer:
            writer.hparams(settings)
        content = plugin_data(tmp_path / str(number))[metadata.SESSION_START_INFO_TAG]
        groups.append(metadata.parse_session_start_info_plugin_data(content).group_name)
    assert groups[0] == groups[1] != groups[2]


@pytest.mark.parametrize("settings", [{"a": None}, {"a": [1]}, {1: 2}, [("a", 1)]])
def test_hparams_that_cannot_be_shown_are_refused(tmp_path, settings):
    with pytest.raises(InputError, match=r"[Hh]yperparameter"):
        Writer(tmp_path).hparams(settings)


def test_nothing_is_made_before_something_is_written(tmp_path):
    Writer(tmp_path / "run").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "run/deep"])
def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path, below):
    blocked = tmp_path / "taken"
    blocked.write_text("a file")
    with pytest.raises(InputError, match="cannot be written to") as caught:
        Writer(blocked / below).open()
    assert repr(str(blocked / below)) in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize("log_dir", [None, 3, "gs://bucket/run"])
def test_what_is_not_a_local_path_is_refused(log_dir):
    with pytest.raises(InputError, match="path on this machine"):
        Writer(log_dir)


def test_a_path_with_a_null_character_is_refused():
    with pytest.raises(InputError, match="null"):
        Writer("a\0b").open()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))])
def test_copies_write_to_the_same_run(tmp_path, again):
    writer = Writer(tmp_path)
    writer.scalar("loss", 1, 0)
    twin = again(writer)
    writer.close()
    twin.scalar("loss", 2, 1)
    twin.close()
    assert board_reader.scalars(tmp_path) == {"loss": {0: 1.0, 1: 2.0}}
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_flushed_can_be_read_while_open(tmp_path):
    with Writer(tmp_path) as writer:
        writer.scalar("loss", 1)
        writer.flush()
        assert board_reader.scalars(tmp_path) == {"loss": {0: 1.0}}


def test_writing_goes_on_after_close(tmp_path):
    writer = Writer(tmp_path)
    for step in range(12):  # file names must sort as they were made
        writer.scalar("loss", step, step)
        writer.close()
    steps = [step for _, step, _ in board_reader.values(tmp_path)]
    assert steps == list(range(12))


def test_tensorflow_is_never_imported(tmp_path):
    program = f"""
import sys, numpy as np
from keras_recipe.tensorboard import Writer
with Writer({str(tmp_path)!r}) as writer:
    writer.scalar("a", 1.0); writer.histogram("a", np.arange(9)); writer.text("a", "b")
    writer.image("a", np.zeros((2, 2))); writer.hparams({{"a": 1}})
    writer.hparams_config({{"a": 1}}, ["b"]); writer.hparams_end()
print(sorted(n for n in sys.modules if n.split(".")[0] in ("tensorflow", "torch")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert len(board_reader.values(tmp_path)) == 7
