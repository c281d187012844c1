"""One change tried on a few examples: does the model learn them by heart then?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.diagnosis.change import Change, in_order
from keras_recipe.experiments.examples import few_examples, filled
from keras_recipe.experiments.overfit import Outcome, overfit
from keras_recipe.surgery.toggles import without_regularization

EXAMPLES = 8
GOAL = 0.9  # share of the way from the best constant to the lowest reachable loss
HOPELESS = 0.5  # what fails stays under this share, as in KR209
HELPED = 0.6  # share with which a training does not fail any more: clearly above hopeless
SECONDS = 6.0  # one training takes no more steps after this


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What became of the few examples under some changes.

    Attributes:
        changes: What was changed, at once.
        outcome: How far the loss fell.
    """

    changes: tuple[Change, ...]
    outcome: Outcome

    @property
    def explained(self) -> float:
        """Share of the way down; 0 where the loss has none."""
        return float(np.nan_to_num(self.outcome.explained, nan=0.0, neginf=0.0))

    @property
    def mends(self) -> bool:
        """Whether the examples were learned."""
        return self.explained >= GOAL

    @property
    def helps(self) -> bool:
        """Whether it does not fail any more, although it did not get there in the steps."""
        return self.explained >= HELPED

    @property
    def text(self) -> str:
        """What was changed, in words."""
        return ", and ".join(one.text for one in self.changes)

    @property
    def facts(self) -> dict[str, Any]:
        """Plain data for the evidence."""
        return {"change": self.text, "loss": self.outcome.best, "explained": self.explained}


class Trial:
    """The few examples of KR209 and the same steps, for one program.

    Args:
        subject: The examined program.
        guard: Puts the model back after each training.
        steps: Steps of each training.
    """

    def __init__(self, subject: Any, guard: Any, steps: int) -> None:
        self.model, self.task = subject.need("model"), subject.task
        self.guard, self.steps = guard, steps
        self._subject = subject

    @cached_property
    def few(self) -> Batch:
        """The examples of KR209."""
        probe = self._subject.probe
        return filled(few_examples(self.model, self.task, probe, EXAMPLES), len(probe))

    @cached_property
    def others(self) -> Batch:
        """As many other examples."""
        sample, size = self._subject.sample, len(self._subject.probe)
        chosen = np.random.default_rng(self._subject.need("seed") + 1).permutation(len(sample))
        rows = few_examples(self.model, self.task, sample.take(chosen[:size]), EXAMPLES)
        return filled(rows, size)

    def run(self, changes: Sequence[Change], rows: Batch | None = None) -> Attempt | None:
        """Train with some changes; None where they cannot be made.

        Args:
            changes: Made at once.
            rows: The examples; those of KR209 by default.
        """
        rows, task = self.few if rows is None else rows, self.task
        for change in changes:
            rows, task = change.data(rows), change.task(task)
        try:
            with ExitStack() as stack:
                stack.enter_context(without_regularization(self.model))
                model = self.model
                for change in in_order(changes):
                    other = stack.enter_context(change.during(model))
                    model = other if isinstance(other, keras.Model) else model
                limits: dict[str, Any] = {"steps": self.steps, "seconds": SECONDS, "goal": GOAL}
                outcome = overfit(model, rows, task, **limits)
        except Exception:  # noqa: BLE001  a change that this model does not take is no finding
            return None
        finally:
            self.guard.restore()
        return Attempt(changes=tuple(changes), outcome=outcome)

    def as_it_is(self) -> float:
        """Return the share explained without any change; 1 where it cannot be told."""
        now = self.run(())
        return 1.0 if now is None else now.explained

    def confirmed(self, changes: Sequence[Change]) -> bool:
        """Whether other examples say the same: hopeless without the changes, learned with."""
        before, after = self.run((), self.others), self.run(changes, self.others)
        if before is None or after is None:
            return False
        return before.explained < HOPELESS and after.helps
