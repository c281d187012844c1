from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_recipe.contract.verdict import worst
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.surgery.monitored import SAVES, STOPS
from keras_recipe.surgery.plan import Plan

_WORDS = {"min": "lower", "max": "higher"}


def _never_logged(one: Mapping[str, Any], plan: Plan) -> Result | None:
    """A callback that watches what no epoch logs never acts."""
    kind, name = one["kind"], one["monitor"]
    if one["logged"] is not False:
        return None
    effect = {STOPS: "never stops nor restores", SAVES: "saves every epoch, not the best"}
    why = "there is no validation data" if not one["validation"] else "no metric has that name"
    why = why if name.startswith("val_") else "no metric has that name"
    tense = "was" if plan.trace is not None else "is"
    return warned(
        f"{kind} watches `{name}`, which {tense} never logged: {why}. It "
        f"{effect.get(kind, 'never lowers the rate')}, and Keras says so in a warning alone",
        where=name,
        cause="The name is not that of a compiled metric: `accuracy` is logged as "
        "`val_accuracy`, not `val_acc`.",
        fix=Fix(
            text="Watch a name that is logged.",
            code=f'keras.callbacks.{kind}(monitor="val_loss")  # history.history lists all',
        ),
    )


def _would_go_on(one: Mapping[str, Any], values: np.ndarray) -> bool:
    """Whether the callback, reading the metric the right way, would not have stopped yet."""
    return len(values) - 1 - int(np.argmin(values)) < max(one["patience"], 1)


def _harm(one: Mapping[str, Any], plan: Plan, share: float) -> str:
    """Return in numbers what an `EarlyStopping` that reads a metric upside down did."""
    logged = plan.trace.series(one["monitor"])
    values = np.array(logged[one["start"] :], "float64")
    if not len(values) or not np.isfinite(values).all():
        return ""
    sign = 1.0 if one["better"] == "min" else -1.0
    best, kept = int(np.argmin(sign * values)), int(np.argmax(sign * values))
    gap = abs(float(values[kept] - values[best]))
    if one["restores"] and gap > share * max(abs(float(values[best])), 1e-30):
        return (
            f"it put back the weights of epoch {one['start'] + kept + 1}, the worst, "
            f"at {values[kept]:.4g}; the best was {values[best]:.4g} in epoch "
            f"{one['start'] + best + 1}"
        )
    if one["stopped"] and _would_go_on(one, sign * values):
        return (
            f"it stopped the training after {len(logged)} of {plan.epochs} epochs, at "
            f"{values[-1]:.4g}, as {one['monitor']} got better"
        )
    return ""


def _bites(one: Mapping[str, Any], epochs: int) -> bool:
    """Whether an `EarlyStopping` that reads a metric upside down will do harm in a plan."""
    left = epochs - one["start"]
    return bool(left > 1 and (one["restores"] or max(one["patience"], 1) < left - 1))


def _upside_down(one: Mapping[str, Any], plan: Plan, share: float) -> Result | None:
    """A callback must take for better what is better."""
    kind, name, mode, right = (one[key] for key in ("kind", "monitor", "mode", "better"))
    if not right or mode not in _WORDS or mode == right:
        return None
    text = f'{kind} takes the worst {name} for the best: mode="{mode}"'
    said, verdict = f"{text}, and {_WORDS[right]} is better", warned
    if kind == STOPS and plan.trace is not None:
        harm = _harm(one, plan, share)
        said, verdict = (f"{text}; {harm}", failed) if harm else (said, warned)
    elif kind == STOPS and _bites(one, plan.epochs):
        does = "restores the weights of its worst epoch" if one["restores"] else "stops early"
        said, verdict = f"{said}: it {does} where the model learns", failed
    return verdict(
        said,
        where=name,
        cause="The mode was copied from a callback that watches another quantity.",
        fix=Fix(
            text="Take the mode that fits the metric.",
            code=f'keras.callbacks.{kind}(monitor="{name}", mode="{right}")',
        ),
    )


def _rows_trained_on(one: Mapping[str, Any]) -> Result | None:
    """Where there is a validation, it should decide which epoch is the best."""
    kind, name = one["kind"], one["monitor"]
    known = one["better"] and one["logged"] and one["validation"]
    if not known or name.startswith("val_") or kind not in (STOPS, SAVES):
        return None
    return warned(
        f"{kind} watches `{name}`, which rows trained on decide, and there is a validation",
        where=name,
        cause="The last epoch is nearly always the best on the rows trained on.",
        fix=Fix(
            text="Watch the validation metric.",
            code=f'keras.callbacks.{kind}(monitor="val_{name}")',
        ),
    )


@check("KR415", cost="static")
def monitored_logs(plan: Plan, *, share: float = 0.05) -> Result:
    """What callbacks watch is logged, and they take for better what is better.

    Why:
        `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau` believe their `mode`. With
        "max" for a loss they stop as soon as the model learns and keep its worst weights; of a
        name that no epoch logs, Keras warns and goes on without them.
    Fix:
        mode="auto", or "min" for losses and errors and "max" for accuracies and scores; a name
        out of `history.history`.
    Tune:
        share: By how much worse than the best, relative, the weights that were put back must
            be to FAIL after a fit; that of KR410. Before it, what follows from `mode`,
            `patience` and the epochs planned is enough.
    Source:
        The Keras documentation of the three callbacks; which way a metric is better is that of
        Keras's own classes. A loss of a `train_step` of your own may be anything.
    """
    if not plan.monitors:
        msg = "no callback of Keras's watches the logs"
        raise NotApplicable(msg)
    found: list[Result | None] = []
    for one in plan.monitors:
        found += [
            _upside_down(one, plan, share),
            _never_logged(one, plan),
            _rows_trained_on(one),
        ]
    said = [f"{one['kind']} watches {one['monitor']}" for one in plan.monitors]
    return worst(found) or passed("; ".join(said), evidence={"watched": said})
