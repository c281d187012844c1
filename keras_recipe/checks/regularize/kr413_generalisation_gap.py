from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned


def _opens(gaps: np.ndarray, limit: float) -> int:
    """Return the epoch from which on the gap stays above a limit."""
    below = np.flatnonzero(gaps <= limit)
    return int(below[-1] + 1) if len(below) else 0


@check("KR413", cost="live", requires=("KR310",))
def generalisation_gap(
    trace: Any, *, epochs: int = 3, gap: float = 0.4, learned: float = 0.3
) -> Result:
    """What is learned on training rows holds for validation rows.

    Why:
        A gap between the two is what regularisation is for, and the size of it says whether
        that is the next thing to do. Without one, a larger model comes first.
    Fix:
        More data, augmentation, a smaller model, dropout, weight decay, early stopping.
    Tune:
        epochs: Epochs with both losses below which nothing is said.
        gap: Validation minus training loss, as a share of the best constant's loss (or of what
            was gone of it, where that is more), from which it is worth a WARN; this check never
            FAILs.
        learned: Share of that loss that must be gone on training rows.
    Source:
        Karpathy 2019, stage 4.
    """
    losses, held = np.array(trace.series("loss")), np.array(trace.series("val_loss"))
    count, constant = min(len(losses), len(held)), trace.constant_loss
    if count < epochs or not constant or trace.penalty is None:
        msg = f"fewer than {epochs} epochs with a validation loss, or nothing to compare with"
        raise NotApplicable(msg)
    gone = constant - (float(losses[-1]) - trace.penalty)
    whole = max(abs(constant), gone)  # a loss of counts falls below 0
    gaps = (held[-count:] - losses[-count:]) / whole
    if not np.isfinite(gaps).all():
        msg = "a loss is not finite"
        raise NotApplicable(msg)
    last = float(np.median(gaps[-3:]))
    got = gone / abs(constant)
    text = (
        f"the training loss ended at {losses[-1]:.4g}, the validation loss at {held[-1]:.4g}; "
        f"a constant scores {constant:.4g}"
    )
    fields: dict[str, Any] = {
        "measured": last,
        "expected": gap,
        "unit": "share of the best constant's loss",
        "evidence": {"gaps": gaps.tolist()},
        "pictures": [
            {
                "kind": "curves",
                "title": "Training and validation loss",
                "series": {"loss": losses.tolist(), "val_loss": held.tolist()},
                "xlabel": "epoch",
                "ylabel": "loss",
            }
        ],
    }
    if last < gap or got < learned:
        return passed(text, **fields)
    opened = _opens(gaps, gap / 2)
    return warned(
        f"{text}; the gap opened in epoch {opened + 1}",
        where=f"epoch {opened + 1}",
        cause="The model learns the training rows by heart, or the validation rows differ.",
        fix=Fix(
            text="More data comes first; then a smaller model, dropout or weight decay.",
            code="model.set_dropout(0.3)",
        ),
        **fields,
    )
