"""Plain known first architectures, one a kind of input."""

from keras_recipe.starters.build import starter
from keras_recipe.starters.plain import Plain, plain_first

__all__ = ["Plain", "plain_first", "starter"]
