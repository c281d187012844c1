"""The rows of a recipe: read into memory for the trainings of its ladders and searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.sources import Source, open_source
from keras_recipe.data.splits import cut_off, held_out
from keras_recipe.fit_settings import weighted

MOST_BYTES = 2**28  # of a dataset that is read into memory for the trainings of a ladder


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a recipe is given to learn from.

    Attributes:
        x: Inputs, or a dataset.
        y: Targets; None with a dataset.
        validation_data: Held-out rows, or None.
        test_data: Rows kept for the very end, or None.
        settings: Of `fit`: `sample_weight`, `validation_split`, `class_weight`.
    """

    x: Any
    y: Any
    validation_data: Any
    test_data: Any
    settings: Mapping[str, Any]

    def _sources(self) -> tuple[Source, Source | None]:
        """Return the training rows, and the validation rows if there are some."""
        source = open_source(self.x, self.y, self.settings.get("sample_weight"))
        given = held_out(self.validation_data, "validation_data")
        share = self.settings.get("validation_split", 0.0)
        train, cut = cut_off(source, 0.0 if given is not None else share)
        return train, given or cut

    def train(self) -> Batch:
        """Return the training rows in memory; of a large dataset the first ones that fit."""
        return weighted(_in_memory(self._sources()[0]), self.settings.get("class_weight"))

    def held(self) -> Batch:
        """Return the validation rows in memory likewise.

        Raises:
            InputError: There are none.
        """
        held = self._sources()[1]
        if held is None:
            msg = (
                "Whether a move helps is seen on validation rows: give `validation_data` or "
                "`validation_split` to Recipe."
            )
            raise InputError(msg)
        return _in_memory(held)

    def test(self) -> Batch | None:
        """Return the test rows in memory likewise; None where there are none."""
        test = held_out(self.test_data, "test_data")
        return None if test is None else _in_memory(test)


def _in_memory(source: Source) -> Batch:
    """Return the rows of a source; of a large dataset the first ones that fit."""
    rows = source.whole
    if rows is not None:
        return rows
    read, size = [], 0
    for batch in source.batches():
        read.append(batch)
        size += sum(leaf.nbytes for part in batch.parts() for leaf in leaves(part))
        if size > MOST_BYTES:
            break
    return Batch.joined(read)
