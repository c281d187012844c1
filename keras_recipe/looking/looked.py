"""Everything that is known of the rows that are looked at; made once, shared by all views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keras_recipe.looking.kinds import Drawn
from keras_recipe.looking.labelled import Labelled
from keras_recipe.looking.sampled import Sampled
from keras_recipe.looking.words import Decoder, plain


@dataclass(frozen=True, eq=False)
class Looked:
    """Rows, how they are drawn, and their scores.

    Attributes:
        sample: The rows.
        drawn: The input that is drawn.
        decoder: Makes text of a row of tokens; None to show the numbers.
        features: Names of the columns of a table; empty where they have none.
        words: The words that a column of a table numbers, by its place; such a number is no
            amount.
        class_names: Names of the classes by number.
        labels, predictions: What targets and model say; None without.
        wrong: Which predictions are not their label; None where none is wrong or right.
        scores: Columns `(rows,)`.
        training: The rows among which neighbours are looked for; `sample` itself when None.
    """

    sample: Sampled
    drawn: Drawn
    decoder: Decoder | None
    features: Sequence[str]
    words: Mapping[int, Sequence[str]]
    class_names: Sequence[str]
    labels: Labelled | None
    predictions: Labelled | None
    wrong: np.ndarray | None
    scores: Mapping[str, np.ndarray]
    training: Looked | None = None

    def text(self, row: int) -> str:
        """Return a row of tokens or of text as a person reads it."""
        values = self.drawn.values[row]
        if self.drawn.kind == "tokens" and self.decoder is not None:
            return self.decoder(values)
        return plain(values)

    @property
    def is_text(self) -> bool:
        """Whether rows can be read."""
        return self.drawn.kind in ("tokens", "text")
