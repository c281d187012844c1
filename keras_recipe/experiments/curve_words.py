"""What a learning curve says: one sentence and one picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_recipe.experiments.learning_curve import LearningCurve


def curve_text(curve: LearningCurve) -> str:
    """Return what the last doubling brought, and what the next should bring."""
    parts = []
    last = curve.last
    if last is not None:
        scale, unit = (100, " %") if last.unit != "loss" else (1, "")
        parts.append(
            f"from {curve.sizes[-2]} to {curve.sizes[-1]} rows the loss fell by "
            f"{scale * last.mean:.3g}{unit} ({scale * last.low:.3g} to {scale * last.high:.3g})"
        )
    law = curve.law
    if law is None:
        return "; ".join([*parts, f"what more rows would bring is not known: {curve.reason}"])
    low, high = law.interval
    parts.append(
        f"{2 * curve.sizes[-1]} rows should take {law.doubling:.1%} of the loss away "
        f"({low:.1%} to {high:.1%}; the law n^-{law.exponent:.2g} with a floor of "
        f"{law.floor:.3g})"
    )
    return "; ".join(parts)


def curve_picture(curve: LearningCurve) -> dict[str, Any]:
    """Return loss by number of rows with the law drawn to twice the rows, as pictures are."""
    sizes = [*curve.sizes, 2 * curve.sizes[-1]]
    series = {
        name: _means(curve, train=name == "training") for name in ("validation", "training")
    }
    if curve.law is not None:
        shares = np.array(sizes) / curve.sizes[-1]
        series["power law"] = [float(v) for v in curve.law.loss(shares)]
    return {
        "kind": "curves",
        "title": "Loss by number of training rows",
        "series": series,
        "x": sizes,
        "xlabel": "training rows",
        "ylabel": "loss, mean of the seeds",
        "xscale": "log",
    }


def _means(curve: LearningCurve, *, train: bool) -> list[float]:
    return [float(np.mean(curve.scores(p, train=train))) for p in range(len(curve.sizes))]
