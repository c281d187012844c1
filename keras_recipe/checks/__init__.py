"""The catalogue: one file a check, one folder a stage; the file is the registration."""

from __future__ import annotations

import importlib
import pkgutil
import re

from keras_recipe.core.check import CHECKS, Check
from keras_recipe.core.errors import CheckDefinitionError


def load() -> dict[str, Check]:
    """Import every check file below this folder and return the registry.

    Raises:
        CheckDefinitionError: A file's name is not `code_name.py` of the check it holds.
    """
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        stem = module.name.rsplit(".", 1)[1]
        if module.ispkg or not re.match(r"kr\d", stem):
            continue
        importlib.import_module(module.name)
        code, _, name = stem.partition("_")
        found = CHECKS.get(code.upper())
        if found is None or found.function.__name__ != name:
            msg = (
                f"{module.name} must hold the check {code.upper()} as a function named {name}."
            )
            raise CheckDefinitionError(msg)
    return CHECKS
