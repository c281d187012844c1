"""A model's compiled functions: made anew when what they were traced from has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from keras_recipe.core.remembered import remembered

NAMES = ("train", "test", "predict")


def remake(model: Any, *, absent: bool = False, names: Sequence[str] = NAMES) -> None:
    """Make the compiled functions that exist anew; on the next step they are traced again.

    TensorFlow and JAX read Python attributes such as `layer.rate` only while tracing. JAX
    keeps a trace for as long as anything holds the old function, and finds it by the step's
    equality: `make_train_function(force=True)` alone would then train on as before. So each
    new function gets a step that equals no other.

    Args:
        model: A `keras.Model`; nothing happens if it is not compiled.
        absent: Also make the functions that do not exist yet.
        names: Which of `NAMES`.
    """
    if not getattr(model, "compiled", False):
        return
    for name in names:
        if absent or getattr(model, f"{name}_function", None) is not None:
            make = getattr(model, f"make_{name}_function")
            with _own_step(getattr(make, "__self__", model), f"{name}_step"):
                make(force=True)


@contextmanager
def _own_step(model: Any, name: str) -> Iterator[None]:
    """Have the model's step be a function of its own for a moment."""
    step, attributes = getattr(model, name), vars(model)

    def own_step(*args: Any, **kwargs: Any) -> Any:
        return step(*args, **kwargs)

    before = {name: attributes[name]} if name in attributes else {}
    attributes[name] = own_step
    try:
        yield
    finally:
        del attributes[name]
        attributes.update(before)


@contextmanager
def put_back(model: Any) -> Iterator[None]:
    """Put the very functions back on the way out (none, where there was none)."""
    names = [f"{name}_function" for name in NAMES]
    before = {name: getattr(model, name) for name in names if hasattr(model, name)}
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(model, name, function)


def remake_once(model: Any, of: Sequence[Any]) -> None:
    """Make all compiled functions anew, or put back those made for the same change before.

    A change of what a step is traced from has to replace the step, so the same change of a
    model that still has the same step leads to the same functions. Compiling a convnet's step
    takes JAX seconds and tens of megabytes. Nothing is kept outside of `remembering`.

    Args:
        model: A compiled model that has been changed already.
        of: What was changed: owners and names of attributes, set to the same value each time.
    """
    names = [f"{name}_function" for name in NAMES]

    def made() -> dict[str, Any]:
        remake(model, absent=True)
        return {name: getattr(model, name, None) for name in names}

    step = getattr(model, "train_function", None)
    if step is None:  # whatever is changed next may not replace it
        made()
        return
    for name, function in remembered([model, step, *of], made).items():
        setattr(model, name, function)
