"""How many weights each kind of layer has, so that a model can be described unbuilt."""

from __future__ import annotations

import math
from collections.abc import Sequence


def dense(inputs: int, units: int) -> int:
    """Return the weights of a dense layer with bias."""
    return (inputs + 1) * units


def convolution(kernel: Sequence[int], channels: int, filters: int) -> int:
    """Return the weights of a convolution with bias."""
    return (math.prod(kernel) * channels + 1) * filters


def gru(inputs: int, units: int) -> int:
    """Return the weights of Keras's GRU: three gates, with two biases each."""
    return 3 * units * (inputs + units + 2)
