from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned


def _noise(values: np.ndarray) -> float:
    """Return the standard deviation of one epoch's metric about its trend."""
    bends = np.abs(np.diff(values, 2))
    return float(np.median(bends) / 0.6745 / np.sqrt(6))


@check("KR410", cost="live")
def early_stopping(
    trace: Any,
    *,
    epochs: int = 5,
    noises: float = 4.0,
    share: float = 0.05,
    trifle: float = 0.01,
) -> Result:
    """Training ends with the weights of its best epoch, up to the noise of the metric.

    Why:
        Past the best epoch a net learns the noise of its training set; the weights worth
        keeping are those of the best one, when it stands out of the metric's own noise.
    Fix:
        EarlyStopping with restore_best_weights=True and a patience longer than the noise.
    Tune:
        epochs: Epochs with the metric below which nothing is said.
        noises: Standard deviations of an epoch's metric about its trend by which the end must
            be worse than the best to WARN.
        share: And how much worse, relative to the best.
        trifle: And how much of what the metric had gained since the first epoch must be gone:
            a loss that fell from 1 to 0.00001 may well be 0.0001 in the end.
    Source:
        Karpathy 2019, stage 4, "early stopping"; Prechelt 1998.
    """
    stopping = trace.stopping
    name = stopping.get("monitor", "val_loss")
    values = np.array(stopping.get("values") or trace.series(name), "float64")
    if len(values) < epochs or not np.isfinite(values).all():
        msg = f"fewer than {epochs} epochs with a finite `{name}`"
        raise NotApplicable(msg)
    sign = 1.0 if stopping.get("smaller_is_better", True) else -1.0
    best, noise = int(np.argmin(sign * values)), _noise(values)
    worse = float(sign * (values[-1] - values[best]))
    scale = max(abs(float(values[best])), 1e-30)
    fields: dict[str, Any] = {
        "measured": float(values[-1]),
        "expected": float(values[best]),
        "unit": name,
        "where": f"epoch {best + 1}",
        "evidence": {"noise": noise, "best_epoch": best, "patience": stopping.get("patience")},
        "pictures": [
            {
                "kind": "curves",
                "title": f"{name} and its best epoch",
                "series": {name: values.tolist()},
                "xlabel": "epoch",
                "ylabel": name,
                "marks": {"best": best},
            }
        ],
    }
    found = (
        f"{name} was best in epoch {best + 1} ({values[best]:.4g}, noise {noise:.2g} an epoch)"
    )
    if stopping.get("restored"):
        return passed(f"{found}; its weights were restored", **fields)
    gained = float(sign * (values[0] - values[best]))
    if worse > max(noises * noise, share * scale, trifle * gained):
        return warned(
            f"{found}; training ended at {values[-1]:.4g} with the weights of its last epoch",
            cause="The model went on learning the noise of its training set.",
            fix=Fix(
                text="Keep the weights of the best epoch.",
                code='EarlyStopping("val_loss", patience=10, restore_best_weights=True)',
            ),
            **fields,
        )
    if stopping and not name.startswith("val_"):
        return warned(
            f"training is stopped by `{name}`, which rows trained on decide",
            cause="EarlyStopping watches the training set.",
            fix=Fix(text="Watch a validation metric.", code='EarlyStopping("val_loss")'),
            **fields,
        )
    return passed(f"{found}; the last epoch is no worse beyond the noise", **fields)
