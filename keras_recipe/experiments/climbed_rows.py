"""What a family of moves came to, as a row of the report: it never FAILs for not helping."""

from __future__ import annotations

import math
from typing import Any

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, passed
from keras_recipe.experiments.noise import Gain
from keras_recipe.experiments.regularizing import Climbed, Step


def family_row(climbed: Climbed, family: str) -> Result:
    """Return the row of one family: what each of its moves gained, and which were kept.

    Args:
        climbed: What came of `Recipe.regularize`.
        family: One of `regularizing.FAMILIES`.

    Raises:
        NotApplicable: None of its moves was tried; the message is the reason.
    """
    steps = climbed.of(family)
    kept = [step for step in steps if step.rung.kept]
    shown = kept or [max(steps, key=_order)]
    text = "; ".join(_text(step) for step in shown)
    left_out = _left_out(climbed, family)
    best = shown[-1].rung
    fields: dict[str, Any] = {
        "measured": best.gain if math.isfinite(best.gain) else None,
        "expected": 0.0,
        "unit": best.unit or "share of the loss",
        "where": best.move.name,
        "evidence": {step.rung.move.name: _facts(step) for step in steps} | left_out,
    }
    if kept:
        return passed(f"kept, {text}", **fields)
    others = f"; nor do {len(steps) - 1} others" if len(steps) > 1 else ""
    return passed(f"does not help here and was not kept: {text}{others}", **fields)


def family_row_if_tried(climbed: Any, family: str) -> Result | None:
    """Return the row of one family, or None where none of its moves was tried.

    Args:
        climbed: What came of `Recipe.regularize`; anything false where it was not run.
        family: One of `regularizing.FAMILIES`.
    """
    if not climbed:
        return None
    try:
        return family_row(climbed, family)
    except NotApplicable:
        return None


def _order(step: Step) -> float:
    gain = step.rung.gain
    return gain if math.isfinite(gain) else -math.inf


def _text(step: Step) -> str:
    """Return a move with its gain in validation and in training."""
    train = "" if step.train is None else f"; in training {_gain_text(step.train)}"
    return f"{step.rung.move.name!r}: {step.rung.reason}{train}"


def _gain_text(gain: Gain) -> str:
    scale, unit = (100, " % of the loss") if gain.unit != "loss" else (1, " of loss")
    low, high = scale * gain.low, scale * gain.high
    return f"{scale * gain.mean:.3g}{unit} ({low:.3g} to {high:.3g})"


def _facts(step: Step) -> dict[str, Any]:
    rung = step.rung
    train = step.train
    return {
        "text": rung.move.text,
        "validation_gain": rung.gain,
        "validation_interval": list(rung.interval),
        "training_gain": None if train is None else train.mean,
        "training_interval": None if train is None else [train.low, train.high],
        "unit": rung.unit,
        "kept": rung.kept,
        "reason": rung.reason,
        "seconds": round(sum(record.seconds for record in rung.records), 3),
    }


def _left_out(climbed: Climbed, family: str) -> dict[str, Any]:
    """Return the reasons of this family's ways that were not tried."""
    names = {"augmentation": ("mirrored", "shifted", "turned")}
    names |= {"smaller model": ("pooling for flattening", "one layer less", "narrower")}
    found = climbed.plan.left_out
    return {name: {"not tried": found[name]} for name in names.get(family, ()) if name in found}
