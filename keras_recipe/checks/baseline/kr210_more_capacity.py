from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.capacity import Twins, outgrown
from keras_recipe.experiments.duel import losing
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.widen import cloned, hidden, widen, wider
from keras_recipe.task import Task

MOST_WEIGHTS = 200_000  # more are not too few, and take too long to train six times


def _splits(samples: Mapping[str, Batch]) -> tuple[Batch, Batch]:
    """Return rows to train on and others to judge by."""
    rows, held = samples["training"], samples.get("validation")
    if held is not None and held.y is not None and len(held) >= 50:
        return rows, held
    order = np.random.default_rng(0).permutation(len(rows))
    cut = 3 * len(rows) // 4
    return rows.take(order[:cut]), rows.take(order[cut:])


@check("KR210", cost="train", requires=("KR101", "KR203"))
def more_capacity(
    model: Any,
    samples: Mapping[str, Batch],
    task: Task,
    fit: FitSettings,
    trained: bool,  # noqa: FBT001  a need, not an option
    *,
    narrow: int = 3,
    least_gap: float = 0.25,
    width: int = 32,
    most_steps: int = 600,
    seconds: float = 20.0,
) -> Result:
    """A wider net would not learn far more from the same rows in the same steps.

    Why:
        A net too small for its task, or too narrow for its depth, looks like any other that
        does not learn; the recipe starts from a net that is large enough to overfit.
    Fix:
        Widen the hidden layers, or take some of them out; regularise afterwards.
    Tune:
        narrow: Widest bottleneck that is tried before training; after it, every net is tried
            that clearly loses to a simple baseline (KR207).
        least_gap: Share explained of held-out rows by which the worst of three wider twins
            must be above the best of three narrow ones.
        width: Least width of the twin's hidden layers.
        most_steps: Steps of each training, with Adam at 0.01 for both.
        seconds: Time after which it is given up.
    Source:
        Karpathy 2019, stage 2, "verify decreasing training loss". Both are trained afresh with
        the same optimizer and judged on rows they have not seen, so neither the rate nor
        learning by heart can explain the difference.
    """
    if samples["training"].y is None or has_own_step(model):
        msg = "there is nothing to fit, or the model has a training step of its own"
        raise NotApplicable(msg)
    outputs = [head.output.layer for head in task.heads]
    layers = hidden(model, outputs) if getattr(model, "layers", None) else []
    narrowest = min((size for _, size in layers), default=0)
    if trained and not losing(model, task, samples):
        return passed("no simple baseline is ahead of the trained net (KR207)")
    if not trained and not 0 < narrowest <= narrow:
        msg = f"no hidden layer is as narrow as {narrow:g} units; it is tried if KR207 fails"
        raise NotApplicable(msg)
    if model.count_params() > MOST_WEIGHTS or len(samples["training"]) < 50:
        msg = "the net is too large to be trained six times, or the rows are too few"
        raise NotApplicable(msg)
    planned = (fit.steps_per_epoch or most_steps) * fit.epochs
    twins = outgrown(
        (
            lambda: cloned(model),
            lambda: wider(model, outputs, int(width)),
        ),
        model.loss,
        _splits(samples),
        task,
        steps=int(np.clip(planned, 100, most_steps)),
        batch_size=min(fit.batch_size, 32),
        seconds=seconds,
        enough=1 - least_gap,
    )
    patient = trained or planned <= twins.steps
    found = _verdict(twins, narrowest, least_gap, patient=patient)
    fix = found.fix and replace(found.fix, action=partial(widen, width=int(width)))
    return found.stamped(fix=fix)


def _verdict(twins: Twins, narrowest: int, least_gap: float, *, patient: bool) -> Result:
    said = f"{narrowest} units wide at its narrowest" if narrowest else "without a hidden layer"
    text = (
        f"after {twins.steps} steps of Adam at 0.01 the net, {said}, explains "
        f"{max(twins.narrow):.0%} of held-out rows at best of {len(twins.narrow)} trainings; a "
        f"wider twin {min(twins.wide):.0%} at worst"
    )
    fields: dict[str, Any] = {
        "measured": max(twins.narrow),
        "expected": min(twins.wide),
        "unit": "share explained",
        "evidence": {"narrow": list(twins.narrow), "wide": list(twins.wide)},
    }
    if not (twins.gap >= least_gap and min(twins.wide) >= least_gap):  # less than nothing
        return passed(text, **fields)
    verdict = failed if patient or twins.late < 0.05 else warned
    return verdict(
        text,
        cause="The net is too small for the task, or too narrow for its depth.",
        fix=Fix(
            text="Widen the hidden layers.",
            code='keras.layers.Dense(32, activation="relu")  # in place of fewer units',
        ),
        **fields,
    )
