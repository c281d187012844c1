"""What `fit` is given, as training and held-out rows, and back again as its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.data.sources import Source, open_source
from keras_recipe.data.splits import cut_off, held_out

_ROWS = ("x", "y", "sample_weight", "validation_data", "validation_split")


def _whole(source: Source) -> Batch:
    if source.whole is None:
        msg = (
            f"This fix is made on arrays. Received: {source.kind}; make the same change where "
            "it is built."
        )
        raise InputError(msg)
    return source.whole


@dataclass(frozen=True)
class Given:
    """The rows and the other arguments of a call of `fit`.

    Attributes:
        training: Training rows.
        held: Validation rows; None where there are none.
        settings: The other arguments.
    """

    training: Batch
    held: Batch | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Given:
        """Return what the arguments of `fit` say; a validation split is cut off.

        Raises:
            InputError: The rows are no arrays, or cannot be read.
        """
        x, y, weight, data, share = (arguments.get(name) for name in _ROWS)
        source = open_source(x, y, weight)
        held = held_out(data, "validation_data")
        if data is None:
            source, held = cut_off(source, share or 0.0)
        rest = {name: value for name, value in arguments.items() if name not in _ROWS}
        return cls(_whole(source), None if held is None else _whole(held), rest)

    def with_settings(self, **changed: Any) -> Given:
        """Return the same rows under changed arguments."""
        return replace(self, settings={**self.settings, **changed})

    @property
    def arguments(self) -> dict[str, Any]:
        """The same as arguments of `fit`."""
        x, y, weight = self.training.parts()
        found = {"x": x, "y": y, **self.settings}
        if weight is not None:
            found["sample_weight"] = weight
        if self.held is not None:
            parts = self.held.parts()
            found["validation_data"] = parts if parts[2] is not None else parts[:2]
        return found
