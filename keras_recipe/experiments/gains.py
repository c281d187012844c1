"""What training on with one thing changed brought: read from a trace, no model needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """One way to train on (`experiments.onward`) against the model as the fit left it.

    Attributes:
        before: Share of what can be learned at the end of the fit, on rows not trained on
            meanwhile.
        same: The same after training on as it was.
        after: The same after training on with the change.
        steps: Steps trained on.
        rate: Learning rate of the change; None where it was not changed.
        batch_size: Rows a step of the change.
        beyond: What the change brought beyond chance; above 0 it counts.
    """

    before: float
    same: float
    after: float
    steps: int
    rate: float | None
    batch_size: int
    beyond: float

    @property
    def tried(self) -> dict[str, Any]:
        """The numbers as a `Fix` shows them."""
        shares = {"before": self.before, "after": self.after}
        return {**shares, "unit": "share learned", "steps": self.steps}

    @property
    def words(self) -> str:
        """The numbers as a message says them."""
        return f"learns {self.after:.0%} of what can be learned instead of {self.before:.0%}"


def gain_of(trace: Any, name: str, least: float) -> Gain | None:
    """Return what a change brought; None where it was not tried.

    Args:
        trace: A `Trace`.
        name: Name of a turn of `experiments.onward`.
        least: Share that it must bring, beyond the model as it is, beyond training on as it
            was and, for other rates, at the fit's own highest one. On few rows 2 / sqrt(rows),
            four standard errors of a share.
    """
    turns, now = trace.onward.get("turns", {}), trace.onward.get("skill", 0.0)
    if name not in turns:
        return None
    turn, shares = turns[name], turns[name]["skill"]
    same = turns.get("same", {}).get("skill", [])
    least = max(least, 2 / trace.onward["rows"] ** 0.5)
    if name == "same":  # a jumping score is no progress: it must have been on its way before
        after = shares[-1]
        halfway = shares[-2] - now >= least / 2
        beyond = (after - now if halfway else 0.0) - least
    else:
        after = max(shares)
        restored = turns.get("restored", {}).get("skill", [])
        others = restored if name in ("faster", "slower") else []
        beyond = after - max([now, *same, *others]) - least
    return Gain(
        before=now,
        same=same[-1] if same else now,
        after=after,
        steps=turn["steps"][-1],
        rate=turn["rate"],
        batch_size=turn["batch_size"],
        beyond=beyond,
    )


def has_stalled(onward: Mapping[str, Any], share: float = 0.1) -> bool:
    """Whether no way of training on brought as much as `share` of what can be learned.

    Nobody knows that while there is a way that was not tried.
    """
    if onward.get("untried"):
        return False
    turns = onward.get("turns", {}).values()
    best = max((max(turn["skill"]) for turn in turns), default=float("inf"))
    return bool(best < onward.get("skill", 0.0) + share)
