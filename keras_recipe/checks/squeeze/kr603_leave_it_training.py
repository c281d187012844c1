import math
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.squeezing import Longer, Squeezing


def _picture(longer: Longer) -> list[dict[str, Any]]:
    if not all(math.isfinite(loss) for loss in longer.curve) or len(longer.curve) < 2:
        return []
    return [
        {
            "kind": "curves",
            "title": "Left training",
            "series": {"validation loss": list(longer.curve)},
            "xlabel": "looks",
            "ylabel": "validation loss",
        }
    ]


@check("KR603", cost="experiment")
def leave_it_training(squeezing: Squeezing) -> Result:
    """Training on for longer brings nothing more that is beyond the noise.

    Why:
        People stop when the curve looks flat. Nets go on improving for surprisingly long, and
        a loss that still falls at the end is a gain that only wants time.
    Fix:
        Leave it training: `recipe.squeeze(longer=...)` with more seconds and the same
        `log_dir` goes on from its checkpoint.
    Tune:
        Nothing: the interval is the bootstrap's at 95 %, over held-out rows.
    Source:
        Karpathy 2019, stage 6, "leave it training". It WARNs only where the time bought
        something beyond noise and the lowest loss is that of the last look.
    """
    longer = squeezing.longer
    if longer is None:
        reason = squeezing.left_out.get("leave it training", "not asked for")
        msg = f"nothing was left training: {reason}"
        raise NotApplicable(msg)
    looks = len(longer.curve) - 1
    text = f"{longer.seconds:.3g} s more ({longer.steps} steps)"
    fields: dict[str, Any] = {
        "measured": longer.gain.gain,
        "unit": "loss",
        "evidence": {"gain": longer.gain.to_dict(), "looks": looks, "best_at": longer.best_at},
        "pictures": _picture(longer),
    }
    if not longer.best_at:
        return passed(f"{text} bought nothing: the weights it began with are kept", **fields)
    bought = f"{text} bought: {longer.gain.text}"
    if longer.best_at == looks and longer.gain.helps:
        return warned(
            f"{bought}, and the loss was still falling at the end",
            cause="The training is shorter than this model can use.",
            fix=Fix(text="Leave it training for longer, from its checkpoint."),
            **fields,
        )
    worth = "" if longer.gain.helps else ", within the noise of the rows"
    return passed(f"{bought}{worth}; the lowest loss was at look {longer.best_at} of {looks}",
                  **fields)  # fmt: skip
