"""Reads event files back without TensorFlow; the records' check sums are verified."""

from pathlib import Path

from tensorboard.compat.proto import event_pb2
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow
from tensorboard.util import tensor_util


def events(folder):
    """Every event of a run, file after file in the order TensorBoard reads them."""
    found = []
    for path in sorted(Path(folder).glob("events.out.tfevents.*")):
        reader = pywrap_tensorflow.PyRecordReader_New(str(path))
        while True:
            try:
                reader.GetNext()
            except pywrap_tensorflow.errors.OutOfRangeError:
                break
            found.append(event_pb2.Event.FromString(reader.record()))
    return found


def values(folder, plugin=None):
    """Every summary as (tag, step, array), of one plugin if named."""
    return [
        (value.tag, event.step, tensor_util.make_ndarray(value.tensor))
        for event in events(folder)
        for value in event.summary.value
        if plugin in (None, value.metadata.plugin_data.plugin_name)
    ]


def scalars(folder):
    """Scalars as {tag: {step: float}}."""
    found = {}
    for tag, step, number in values(folder, "scalars"):
        found.setdefault(tag, {})[step] = float(number)
    return found


def texts(folder):
    """Texts as {tag: [text, ...]}."""
    found = {}
    for tag, _, text in values(folder, "text"):
        found.setdefault(tag, []).append(text.item().decode())
    return found
