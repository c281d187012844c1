from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.progress import fastest, when


def _is_flat(losses: np.ndarray, share: float) -> bool:
    """Whether the later epochs' loss is the first's, within the noise between epochs."""
    noise = float(np.std(np.diff(losses)) / np.sqrt(2))
    fall = float(losses[0] - losses[1:][-3:].mean())
    return fall <= max(2 * noise, share * abs(float(losses[0])))


def _proof(trace: Any, collapsed: float, still: float) -> str:
    """Return what shows that nothing is learned; empty if nothing does."""
    same = [o["spread"] <= collapsed * max(o["scale"], 1e-30) for o in trace.outputs]
    if same and all(same) and trace.program.get("labels_vary"):
        return "the predictions are the same for every input while the labels differ"
    last: dict[str, Any] = next((weights for weights in reversed(trace.weights) if weights), {})
    kernels = [n for path, n in last.items() if len(trace.shapes.get(path, ())) > 1]
    if not kernels or trace.constant_loss is None:  # a loss of 0 may have no gradient
        return ""
    if all(not n["gradient_norm"] for n in kernels):
        return "the gradient of every kernel is exactly 0"
    rates = [rate for rate in trace.learning_rate if rate is not None]
    warming = len(rates) > 1 and rates[-1] > rates[0]
    if not warming and max(n["update_ratio"] for n in kernels) < still:
        return f"no kernel moves by more than {still:g} of its size in a step"
    return ""


@check("KR313", cost="live", requires=("KR310",))
def not_learning(
    trace: Any,
    *,
    epochs: int = 3,
    share: float = 0.01,
    steps: int = 30,
    margin: float = 0.02,
    collapsed: float = 1e-6,
    still: float = 1e-7,
) -> Result:
    """The training loss falls, or starts at its floor.

    Why:
        A flat loss means that nothing is learned: dead units, a gradient that does not
        arrive, a learning rate far too small, or labels that the inputs say nothing about.
    Fix:
        Overfit one batch first (KR209); look at the gradients (KR219) and the learning rate.
    Tune:
        epochs: Epochs below which nothing is said.
        share: Fall of the loss, relative to the first epoch's, that counts as flat.
        steps: Optimizer steps below which a flat loss is only a WARN.
        margin: How far below the best constant's loss shows that something was learned,
            relative.
        collapsed: Largest difference of predictions between rows, relative to their size, that
            counts as the same for every input.
        still: Update to weight norm below which a float32 weight hardly moves.
    Source:
        Karpathy 2019, stage 2; AUTOTRAINER calls a gain under 0.01 an epoch slow.
    """
    losses = np.array([loss for loss in trace.series("loss") if np.isfinite(loss)])
    if len(losses) < epochs:
        msg = f"the training has fewer than {epochs} epochs with a loss"
        raise NotApplicable(msg)
    first, last = float(losses[0]), float(losses[-3:].mean())
    constant = trace.constant_loss
    known = constant is not None and trace.penalty is not None
    better = known and last - trace.penalty < constant - margin * abs(constant)
    fields: dict[str, Any] = {
        "measured": last,
        "expected": constant,
        "unit": "loss",
        "evidence": {"first": first, "last": last, "constant_loss": constant},
    }
    if not _is_flat(losses, share) or better:
        return passed(f"the training loss went from {first:.4g} to {last:.4g}", **fields)
    beside = f"; the best constant prediction scores {constant:.4g}" if known else ""
    text = f"the training loss stayed at {last:.4g} (first epoch {first:.4g}){beside}"
    fields["fix"] = Fix(
        text="Overfit one batch first, then look for dead units and a learning rate too small.",
        code="model.compile(keras.optimizers.Adam(1e-3), loss)",
    )
    moves = fastest(trace, -1)
    fields["where"] = when(trace, epochs - 1) + (f"; {moves} moves most" if moves else "")
    proof = _proof(trace, collapsed, still)
    enough = (trace.total_steps or 0) >= steps and not trace.program.get("custom_step")
    if proof and enough and any(trace.learning_rate):
        return failed(f"{text}, and {proof}", cause=proof.capitalize() + ".", **fields)
    cause = "Nothing is learned, or there is nothing to learn, or the loss began at its floor."
    return warned(text + (f", and {proof}" if proof else ""), cause=cause, **fields)
