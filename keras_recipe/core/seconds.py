"""Budgets: seconds a user grants."""

from typing import Any

from keras_recipe.core.errors import InputError


def refuse_unless_seconds(value: Any, name: str = "budget") -> None:
    """Refuse what is no number of seconds above 0; infinity is one.

    Args:
        value: What was given.
        name: The argument it was given for.

    Raises:
        InputError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        msg = f"`{name}` must be a number of seconds above 0. Received: {value!r}"
        raise InputError(msg)
