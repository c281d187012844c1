"""Which change mends a failed training: one, or as few together as are needed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence

from keras_recipe.diagnosis.change import Change
from keras_recipe.diagnosis.trial import Attempt, Trial

MOST_PAIRS = 4  # tried where everything at once is no help
MOST_TOGETHER = 3  # a cure of more changes explains nothing
SUSPECTED = 0.25  # what a check's complaint is worth, in shares explained


class Search:
    """The attempts made on one program, within a time limit.

    Args:
        trial: Tries changes.
        suspects: Codes of the checks that complain.
        progress: Called with what is being tried.
        seconds: Time after which nothing further is tried.

    Attributes:
        attempts: All that were made, in order.
    """

    def __init__(
        self,
        trial: Trial,
        suspects: set[str],
        progress: Callable[[str], None],
        seconds: float,
    ) -> None:
        self.attempts: list[Attempt] = []
        self._trial, self._suspects, self._progress = trial, suspects, progress
        self._ends = time.perf_counter() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is spent."""
        return time.perf_counter() > self._ends

    def _attempt(self, some: Sequence[Change]) -> Attempt | None:
        self._progress(f"whether this mends it: {', and '.join(one.text for one in some)}")
        made = self._trial.run(some)
        self.attempts.extend([made] if made else [])
        return made

    def single(self, offered: Sequence[Change]) -> Attempt | None:
        """Return the first single change with which the examples are learned, or the best.

        The best counts where the training does not fail any more.
        """
        for change in offered:
            made = self._attempt((change,))
            if made is not None and made.mends:
                return made
            if self.is_over:
                break
        best = max(self.attempts, key=lambda one: one.explained, default=None)
        return best if best is not None and best.helps else None

    def several(self) -> Attempt | None:
        """Return the fewest changes that mend it together, after no single one did.

        All are made at once, and then those left out, one after the other, that are not
        needed. Where all at once do not help, the most promising pairs are tried.
        """
        kept = self._best_of_each_part()
        whole = self._attempt(kept) if len(kept) > 1 and not self.is_over else None
        if whole is None or not whole.helps:
            return self._pair(kept)
        for change in reversed(kept):
            fewer = [one for one in whole.changes if one is not change]
            if self.is_over or len(fewer) < 2:
                break
            made = self._attempt(fewer)
            whole = made if made is not None and made.helps else whole
        return whole if len(whole.changes) <= MOST_TOGETHER else None

    def _pair(self, kept: Sequence[Change]) -> Attempt | None:
        for pair in list(itertools.combinations(kept, 2))[:MOST_PAIRS] if len(kept) > 2 else ():
            if self.is_over:
                break
            made = self._attempt(pair)
            if made is not None and made.mends:
                return made
        return None

    def _best_of_each_part(self) -> list[Change]:
        """Return one change of each part, the most promising first."""
        best: dict[str, Change] = {}
        latest = self.attempts[::-1]  # where none stands out: Adam before another rate
        for made in sorted(latest, key=self._promise, reverse=True):
            best.setdefault(made.changes[0].part, made.changes[0])
        if "targets" in best:  # a bias for the targets as they are
            best.pop("bias", None)
        return list(best.values())

    def _promise(self, made: Attempt) -> float:
        suspected = made.changes[0].codes[0] in self._suspects
        return max(made.explained, 0.0) + SUSPECTED * suspected
