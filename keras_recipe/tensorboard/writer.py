"""Event files for TensorBoard by the `tensorboard` package alone.

`tensorboard`'s own `EventFileWriter` opens its file through TensorFlow where that is installed
(4.7 s of import, measured), so the records go to a plain file through its `RecordWriter`. The
tensors and metadata are what each plugin of TensorBoard 2.21 reads; neither is promised API.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.histogram import metadata as histograms
from tensorboard.plugins.image import metadata as images
from tensorboard.plugins.scalar import metadata as scalars
from tensorboard.plugins.text import metadata as texts
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

from keras_recipe.core.errors import InputError
from keras_recipe.tensorboard import encode, hparams

# TensorBoard reads the files of a folder in the order of their names
_NUMBERS = itertools.count()
_EMPTY = np.zeros(0, "float32")  # hparams are metadata; the tensor beside them has to exist


class Writer:
    """Writes one run: scalars, histograms, pictures, texts and hyperparameters.

    The file is opened by the first thing written, or by `open`. Copies and unpickled writers
    open a file of their own in the same folder. A context manager: leaving it closes the file.

    Args:
        log_dir: Folder of the run, made when missing; a local path.

    Raises:
        InputError: `log_dir` is not a local path.

    Example:
        >>> import tempfile
        >>> with Writer(tempfile.mkdtemp()) as writer:
        ...     writer.scalar("loss", 0.5, step=1)
    """

    def __init__(self, log_dir: str | os.PathLike[str]) -> None:
        if not _is_local(log_dir):
            msg = f"log_dir must be a path on this machine. Received: log_dir={log_dir!r}"
            raise InputError(msg)
        self.log_dir = Path(log_dir)
        self._records: Any = None

    def open(self) -> Self:
        """Make the folder and start an event file, unless one is open.

        Raises:
            InputError: The folder cannot be written to.
        """
        if self._records is None:
            name = (
                f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}"
                f".{os.getpid()}.{next(_NUMBERS):06d}"
            )
            try:
                self.log_dir.mkdir(parents=True, exist_ok=True)
                self._records = RecordWriter((self.log_dir / name).open("xb"))
                self._add(event_pb2.Event(file_version="brain.Event:2"))
                self.flush()
            except (OSError, ValueError) as error:  # ValueError: a NUL in the path
                with contextlib.suppress(OSError):
                    self.close()
                reason = getattr(error, "strerror", None) or error
                msg = (
                    f"The log folder {str(self.log_dir)!r} cannot be written to "
                    f"({reason}); give a folder you may write to as log_dir."
                )
                raise InputError(msg) from error
        return self

    def scalar(self, tag: str, value: Any, step: int = 0) -> None:
        """Write a number (stored as float32; NaN and infinities are shown as such)."""
        with np.errstate(over="ignore"):  # what float32 cannot hold is an infinity
            stored = np.asarray(value).astype("float32").reshape(())
        self._tensor(tag, stored, step, scalars.create_summary_metadata("", ""))

    def histogram(self, tag: str, values: Any, step: int = 0) -> None:
        """Write how the finite ones of `values` (any shape) are distributed, in 30 buckets."""
        metadata = histograms.create_summary_metadata("", "")
        self._tensor(tag, encode.buckets(values), step, metadata)

    def image(self, tag: str, image: Any, step: int = 0) -> None:
        """Write one picture: PNG bytes, a matplotlib figure or an array; see `encode.png`.

        Raises:
            InputError: `image` is none of these.
        """
        picture = encode.png(image)
        width, height = encode.size(picture)
        stored = np.array([str(width).encode(), str(height).encode(), picture], dtype=object)
        self._tensor(tag, stored, step, images.create_summary_metadata("", ""))

    def text(self, tag: str, markdown: str, step: int = 0) -> None:
        """Write a text in Markdown; TensorBoard shows tables and code, and strips scripts."""
        stored = np.array(markdown.encode("utf-8", "replace"), dtype=object)
        self._tensor(tag, stored, step, texts.create_summary_metadata("", ""))

    def hparams(self, values: Mapping[str, Any]) -> None:
        """Write the settings of the training that this run is.

        Args:
            values: Name to bool, number or text. TensorBoard keeps the first that a folder
                holds: give every training a folder of its own.

        Raises:
            InputError: A value is none of these.
        """
        self._plugin_data(hparams.session_start(values))

    def hparams_config(self, values: Mapping[str, Any], metrics: Sequence[str] = ()) -> None:
        """Write the columns of the HParams tab.

        Args:
            values: As for `hparams`; only the names and types matter.
            metrics: Tags of the scalars to show. They have to be written here: TensorBoard
                finds those of a folder below only if it was started above this one.

        Raises:
            InputError: A value is neither a bool, a number nor text.
        """
        self._plugin_data(hparams.experiment(values, metrics))

    def hparams_end(self) -> None:
        """Write that the training came to its end."""
        self._plugin_data(hparams.session_end())

    def flush(self) -> None:
        """Hand everything written so far to the file, for TensorBoard to see."""
        if self._records is not None:
            self._records.flush()

    def close(self) -> None:
        """Close the file; what is written later goes to a new one."""
        records, self._records = self._records, None
        if records is not None:
            records.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # at exit, or never made: nothing left to do
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        self.flush()
        return {**self.__dict__, "_records": None}

    def _plugin_data(self, tag_and_metadata: tuple[str, Any]) -> None:
        tag, metadata = tag_and_metadata
        self._tensor(tag, _EMPTY, 0, metadata)

    def _tensor(self, tag: str, stored: np.ndarray, step: int, metadata: Any) -> None:
        tensor = tensor_util.make_tensor_proto(stored)
        value = summary_pb2.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)
        self.open()
        self._add(event_pb2.Event(step=int(step), summary=summary_pb2.Summary(value=[value])))

    def _add(self, event: Any) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())


def _is_local(path: Any) -> bool:
    return isinstance(path, str | os.PathLike) and "://" not in os.fspath(path)
