from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_recipe.contract.backbones import judge_backbones
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.contest import Side, contest, split_rows, steps_for
from keras_recipe.experiments.preprocessings import (
    Preprocessing,
    prepared,
    preprocessings,
    probed,
)
from keras_recipe.experiments.skill import skill
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.backbones import backbones
from keras_recipe.surgery.frozen import frozen, untrained
from keras_recipe.surgery.stored_statistics import frozen_features, gaps
from keras_recipe.task import Task

PROBED = 400  # rows whose frozen features a linear model is given


def _distance(model: Any, rows: Batch) -> float:
    found = [gap.distance for gap in gaps(model, rows.x)]
    return float(np.mean(found)) if found and np.isfinite(found).all() else float("inf")


def _by_statistics(
    model: Any, rows: Batch, ways: Sequence[Preprocessing], far: float, near: float
) -> Result | None:
    """Compare stored statistics with those of the rows, as they are and prepared otherwise."""
    now = gaps(model, rows.x)
    if not now:
        return None
    distance, where = _distance(model, rows), now[0].path
    text = (
        f"what arrives at {where} is {distance:.2g} stored deviations from the statistics it "
        "was trained with"
    )
    fields: dict[str, Any] = {
        "measured": distance,
        "expected": 0.0,
        "unit": "stored deviations",
        "where": where,
    }
    if distance < far:
        return passed(text, **fields)
    tried = {way.name: _distance(model, prepared(rows, way)) for way in ways}
    fields["evidence"] = {"tried": {k: v for k, v in tried.items() if np.isfinite(v)}}
    best = min(ways, key=lambda way: tried[way.name])
    if tried[best.name] > min(near, distance / 4):
        cause = "The data is unlike what it was trained on, or its statistics are stale."
        return warned(text, cause=cause, **fields)
    after = tried[best.name]
    return failed(
        f"{text}; {after:.2g} with inputs {best.name}",
        cause=f"The pretrained part was trained on inputs {best.name}.",
        fix=best.fix(before=distance, after=after, unit="stored deviations"),
        **fields,
    )


def _by_training(
    model: Any,
    sample: Batch,
    task: Task,
    ways: Sequence[Preprocessing],
    arguments: dict[str, Any],
    seed: int,
) -> Result:
    """Ask a linear model of the frozen features, then train, by each preprocessing."""
    heads = [h for h in task.heads if h.kind in ("binary", "multiclass") and h.target == 0]
    few = sample.take(slice(0, PROBED))
    y = np.asarray(leaves(few.y)[0])
    target = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y), -1)[:, 0]
    if len(heads) != 1 or heads[0].structure != "sample":
        return passed("only frozen features of classifiers are tried")
    tried, seconds = [None, *ways], arguments["seconds"]
    shares = probed(
        lambda rows: frozen_features(model, rows.x), few, target, tried, seconds=seconds
    )
    mine = shares.pop(None, float("nan"))
    text = (
        f"a linear model explains {max(mine, 0.0):.0%} of the labels from the frozen features"
    )
    way = max(shares, key=lambda way: shares[way]) if shares else None
    least, ratio = arguments["least"], arguments["ratio"]
    if way is None or not (shares[way] >= least and max(mine, 0.0) <= ratio * shares[way]):
        return passed(f"{text}, and not many more with inputs prepared otherwise")
    rows, held = split_rows(sample, seed)
    other = prepared(held, way)
    race = contest(
        model,
        Side(rows=rows, score=lambda: skill(model, task, held)),
        Side(rows=prepared(rows, way), score=lambda: skill(model, task, other)),
        seed=seed,
        **arguments,
    )
    if race is None or not race.harmed(least=least, ratio=ratio):
        return passed(f"{text}, {shares[way]:.0%} with inputs {way.name}; training bears it")
    before, after = race.reached
    steps = race.steps[-1]
    return failed(
        f"in {steps} steps on frozen features the model explains {before:.0%} of the labels, "
        f"and {after:.0%} with inputs {way.name}",
        measured=before,
        expected=after,
        unit="share explained",
        where=frozen(model)[0][0],
        cause=f"The frozen part was trained on inputs {way.name}.",
        fix=way.fix(before=before, after=after, unit="share explained", steps=steps),
    )


@check("KR225", cost="train", requires=("KR101", "KR203"))
def preprocessing_inside(
    model: Any,
    sample: Batch,
    task: Task,
    fit: FitSettings,
    seed: int,
    *,
    far: float = 0.8,
    near: float = 0.25,
    most_steps: int = 200,
    least: float = 0.4,
    ratio: float = 0.6,
    enough: float = 0.8,
    seconds: float = 8.0,
) -> Result:
    """A pretrained part gets its inputs as it was trained on them.

    Why:
        Nothing fails when pixels to 255 go into a net that was trained on -1 to 1: its features
        are off, and the layers on top learn what little is left in them.
    Fix:
        Put the backbone's own `preprocess_input` (or the Rescaling it was trained with) inside
        the model.
    Tune:
        far: Distance of arriving values from the stored statistics of BatchNormalization from
            which on other preprocessings are tried; deviations, plus the logarithm of their
            ratio. Nets on their own inputs had 0.05 to 0.08, on others 0.4 to 200.
        near: Distance that another preprocessing must come within for a FAIL, and within a
            quarter of the distance as it is.
        most_steps: Most steps of a training, where a frozen part has no such statistics.
        least: Share of the labels that a linear model of the frozen features, and then the
            training on held-out rows, must explain with another preprocessing for a FAIL.
        ratio: Share of that under which both must stay with the inputs as they are.
        enough: Share with which nothing else is tried.
        seconds: Time after which no further training is started.
    Source:
        Each preprocess_input of keras.applications; Ioffe and Szegedy 2015 for the stored
        statistics, which are a record of the training data.
    """
    known = backbones(model, sample.take(slice(0, 16)).x)
    cold = frozen(model)
    fresh = set(untrained(model))
    pretrained = [path for path, _ in cold if path not in fresh]
    rows = sample.take(slice(0, 128))
    first = [np.asarray(leaf) for leaf in leaves(rows.x)]
    numbers = len(first) == 1 and first[0].dtype.kind in "biuf" and first[0].ndim > 1
    ways = preprocessings(first[0].astype("float64")) if numbers else []
    said = _by_statistics(model, rows, ways, far, near) if ways else None
    if said is not None:
        return said
    if not pretrained and not known:
        msg = "no part of the model is pretrained, as far as its weights show"
        raise NotApplicable(msg)
    trains = sample.y is not None and model.trainable_variables and len(sample) >= 16
    if not (ways and trains and pretrained) or has_own_step(model):
        return judge_backbones(known, pretrained=bool(pretrained))
    steps, planned = steps_for(model, fit, int(most_steps))
    arguments = {
        "steps": steps,
        "planned": planned,
        "batch_size": min(fit.batch_size, len(sample)),
        "least": least,
        "ratio": ratio,
        "seconds": seconds,
        "enough": enough,
    }
    shown = _by_training(model, sample, task, ways, arguments, seed)
    return (
        judge_backbones(known, pretrained=bool(pretrained))
        if shown.status == "pass" and known
        else shown
    )
