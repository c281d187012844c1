"""A mark for tests of journals and transport, whatever Keras computes with."""

import keras
import pytest

ONE_BACKEND = pytest.mark.skipif(
    keras.config.backend() != "torch",
    reason="what is tested is journals and scores; on the others the compiling takes minutes",
)
