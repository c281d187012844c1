"""One batch shared among several devices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from keras_recipe.core.errors import ConfigError
from keras_recipe.startup import seen

BATCH_SIZE = 32  # Keras's default in fit, evaluate and predict


class SharedBatches(keras.distribution.DataParallel):
    """`DataParallel` that also takes batches the devices cannot share equally.

    Keras decides once a pass, on the first batch, how batches are laid out, and JAX refuses
    a last batch that does not divide. A batch that is not split is copied whole to every
    device: the same numbers, without the gain in time.

    Attributes:
        split: Whether batches are split where the first one divides; `sharing` sets it.
    """

    split = False

    def get_data_layout(self, data_shape: Any) -> Any:
        """Return how a batch of `data_shape` is laid out over the devices."""
        if self.split and data_shape and data_shape[0] % self.num_model_replicas == 0:
            return super().get_data_layout(data_shape)
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


def distribute(devices: int) -> SharedBatches | None:
    """Keep the variables made from now on, on the first `devices` devices; 1 ends it.

    Batches are copied whole to each device, or split inside `sharing`.

    Returns:
        The distribution now in force, or None for one device.

    Raises:
        ConfigError: The backend cannot do it, or there are fewer devices.
    """
    if devices == 1:
        keras.distribution.set_distribution(None)
        return None
    backend, found = keras.config.backend(), seen()
    if backend != "jax":
        msg = (
            f"Keras shares batches among devices on JAX only, and this is {backend}; "
            "use --backend jax, or --devices 1."
        )
        raise ConfigError(msg)
    if not 1 < devices <= len(found):
        msg = (
            f"Batches cannot be shared among {devices} devices: "
            f"JAX sees {len(found)} ({', '.join(found)})."
        )
        raise ConfigError(msg)
    distribution = SharedBatches(devices=keras.distribution.list_devices()[:devices])
    keras.distribution.set_distribution(distribution)
    return distribution


def check_batch(batch_size: int | None, samples: int, devices: int) -> str:
    """Return why `devices` cannot share every batch equally, in one sentence; "" if they can.

    Args:
        batch_size: Samples a batch; 32 when None, as in Keras.
        samples: Samples in all; the last batch holds what is left over.
        devices: Number of devices, 1 or more.
    """
    batch = min(batch_size or BATCH_SIZE, samples)
    left = samples % batch if batch else 0
    whole = f"so each of the {devices} devices gets every batch whole and nothing is gained"
    if batch % devices and batch < samples:
        better = -(-batch // devices) * devices
        return f"Batches of {batch} cannot be split evenly, {whole}; use batch_size={better}."
    if batch % devices or left % devices:
        spare = samples % devices
        return (
            f"{samples} samples in batches of {batch} end with a batch of {left or batch}, "
            f"which cannot be split evenly, {whole}; leave out {spare} of the samples."
        )
    return ""


@contextmanager
def sharing(batch_size: int | None, *samples: int) -> Iterator[str]:
    """Split batches inside, if every pass over data of these sizes divides evenly.

    `with sharing(batch_size, len(x), len(x_val)): model.fit(...)`. Otherwise, and outside,
    each device gets every batch whole, so that `fit`, `evaluate` and `predict` always work.

    Args:
        batch_size: As given to `fit`.
        *samples: Number of training samples, of validation samples, ….

    Yields:
        Why batches are not split, in one sentence; "" if they are, or on one device.
    """
    distribution = keras.distribution.distribution()
    if not isinstance(distribution, SharedBatches):
        yield ""
        return
    devices = distribution.num_model_replicas
    reasons = [check_batch(batch_size, count, devices) for count in samples]
    before, distribution.split = distribution.split, not any(reasons)
    try:
        yield next(filter(None, reasons), "")
    finally:
        distribution.split = before
