from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned


def _looks(record: Any) -> str:
    pace = record.get("pace", 1)
    return "epoch" if pace == 1 else f"look, every {pace} epochs"


def _pictures(record: Any) -> list[dict[str, Any]]:
    return [
        {
            "kind": "curves",
            "title": "Predictions that move from one look to the next",
            "series": {"moved": list(record["flips"])},
            "xlabel": _looks(record),
            "ylabel": "share" if record["kind"] == "classes" else "relative to the spread",
        },
        {
            "kind": "matrix",
            "title": "Predictions of the fixed batch",
            "values": np.array(record["history"]).T.tolist(),
            "xlabel": _looks(record),
            "ylabel": "row",
        },
    ]


@check("KR212", cost="live")
def prediction_dynamics(
    trace: Any, *, epochs: int = 6, flips: float = 0.2, moves: float = 0.5
) -> Result:
    """The predictions of a fixed batch settle as training goes on.

    Why:
        How predictions move tells more than the loss: a learning rate too high shows as
        jitter of the same rows, one too low as predictions that hardly move.
    Fix:
        Lower the learning rate, or let it decay; average the weights (`use_ema=True`).
    Tune:
        epochs: Epochs below which nothing is said.
        flips: Share of rows whose class changes in an epoch of the last third, to WARN; the
            digits settle below 0.02.
        moves: The same for numbers: mean move relative to the spread of the labels.
    Source:
        Karpathy 2019, stage 2, "visualize prediction dynamics".
    """
    record = trace.predictions
    moved = record.get("flips", [])
    if len(moved) + 1 < epochs:
        msg = f"needs {epochs} epochs with keras_recipe.callbacks.PredictionDynamics in the fit"
        raise NotApplicable(msg)
    late = float(np.mean(moved[-max(2, len(moved) // 3) :]))
    is_classes = record["kind"] == "classes"
    limit = flips if is_classes else moves
    what = (
        f"{late:.0%} of the classes flip" if is_classes else f"values move {late:.2f} spreads"
    )
    fields: dict[str, Any] = {
        "measured": late,
        "expected": 0.0,
        "unit": "share of rows" if is_classes else "spreads of the labels",
        "pictures": _pictures(record),
        "evidence": {"moved": list(moved)},
    }
    if late > limit and record.get("pace", 1) > 1:
        msg = f"{what} from {_looks(record)}: only pace=1 tells jitter from learning"
        raise NotApplicable(msg)
    if late > limit:
        return warned(
            f"{what} from epoch to epoch late in training; expected under {limit:g}",
            cause="The learning rate is too high, or the rows are undecidable.",
            fix=Fix(
                text="Lower the learning rate or let it decay.",
                code="keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=steps)",
            ),
            **fields,
        )
    return passed(f"{what} from epoch to epoch late in training", **fields)
