"""Every exception; each message says what happened, what was expected and how to fix it."""


class KerasRecipeError(Exception):
    """Base of all errors raised on purpose by this package."""


class InputError(KerasRecipeError, ValueError):
    """The user gave something that cannot be used (data, a model, an argument)."""


class ConfigError(KerasRecipeError, ValueError):
    """A setting is unknown or malformed (code, threshold, backend, keras.json)."""


class CheckDefinitionError(KerasRecipeError):
    """A check file is malformed; raised at import."""


class NotApplicable(KerasRecipeError):  # noqa: N818  control flow inside a check, not a failure
    """Raised inside a check that has nothing to examine; becomes SKIP with this reason."""


class RecipeFailed(KerasRecipeError):  # noqa: N818  reads as the verdict it is
    """A FAIL stands and the caller asked to be stopped by it."""
