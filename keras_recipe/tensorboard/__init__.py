"""What TensorBoard reads, written without TensorFlow."""

from keras_recipe.tensorboard.command import board_command
from keras_recipe.tensorboard.writer import Writer

__all__ = ["Writer", "board_command"]
