"""Training rows in an order that only the seed decides, whatever the model draws."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch


class SeededRows(keras.utils.PyDataset):
    """Batches without end: every row once, in a new order, before any comes again.

    `fit` on arrays shuffles by a generator that the model may draw from too, so that one more
    dropout layer would change the order of the rows; here two models see the same rows. All
    batches have the same size: a batch at the end of a pass is filled from the next.

    Args:
        rows: Rows to train on.
        batch_size: Rows a batch.
        seed: Decides the order.
    """

    def __init__(self, rows: Batch, batch_size: int, seed: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._rows, self._size, self._seed = rows, batch_size, seed
        self._orders: dict[int, np.ndarray] = {}

    @property
    def num_batches(self) -> int | None:
        """None: without end, so that no epoch starts the order anew."""
        return None

    def _order(self, turn: int) -> np.ndarray:
        """Return the order of one pass; the last two are kept."""
        if turn not in self._orders:
            random = np.random.default_rng((self._seed, turn))
            self._orders[turn] = random.permutation(len(self._rows))
            for old in [known for known in self._orders if known < turn - 1]:
                del self._orders[old]
        return self._orders[turn]

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return batch `index` as `(x, y)` or `(x, y, sample_weight)`."""
        turns, places = np.divmod(
            np.arange(index * self._size, (index + 1) * self._size), len(self._rows)
        )
        chosen = np.concatenate(
            [self._order(int(turn))[places[turns == turn]] for turn in np.unique(turns)]
        )
        x, y, sample_weight = self._rows.take(chosen).parts()
        return (x, y) if sample_weight is None else (x, y, sample_weight)
