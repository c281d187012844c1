from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.gains import gain_of
from keras_recipe.experiments.progress import alive, gain, rates
from keras_recipe.surgery.plan import Plan


def _picture(values: np.ndarray, unit: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": "curves",
            "title": "Learning rate over the training",
            "series": {"learning rate": values.tolist()},
            "xlabel": unit,
            "ylabel": "rate",
        }
    ]


def _cause(plan: Plan, steps: float) -> tuple[str, str]:
    """Return why the rate dies so soon, and one line that mends it."""
    if plan.steps and plan.steps > 3 and steps <= 3 * plan.epochs:
        return (
            "The schedule seems to count epochs: Keras's schedules count steps, of which an "
            f"epoch has {plan.steps}.",
            f"decay_steps = {plan.epochs} * {plan.steps}  # epochs * steps_per_epoch",
        )
    return (
        "The schedule is far shorter than the training.",
        "keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=epochs * steps_per_epoch)",
    )


@check("KR304", cost="static")
def learning_rate_decay(
    plan: Plan,
    *,
    share: float = 0.02,
    early: float = 0.6,
    strong: int = 100,
    least: float = 0.2,
    learned: float = 0.8,
) -> Result:
    """The learning rate does not die long before the training ends.

    Why:
        A schedule copied from a larger training, or one that counts epochs where Keras counts
        steps, stops a net that has hardly begun; the loss then looks converged.
    Fix:
        Switch the decay off until the rest works; then let it end with the training.
    Tune:
        share: Rate, relative to its peak, that counts as dead; a cosine is there for the last
            9 % of its way.
        early: Share of the training before whose end a rate must not die.
        strong: Steps at full rate that a plan must hold, before training, not to WARN.
        least: Share of what can be learned that the peak rate must bring, trained on with it
            after the fit, to FAIL: beyond the same without it.
        learned: Share of the best constant's loss that, once gone, leaves no question.
    Source:
        Karpathy 2019, stage 3, "do not trust learning rate decay defaults".
    """
    trace = plan.trace
    values = np.asarray(plan.rates if trace is None else rates(trace), "float64")
    if len(values) < 2 or not values.max() > max(0.0, values.min()):
        msg = "no schedule decides over the learning rate"
        raise NotApplicable(msg)
    total = (plan.steps or 0) * plan.epochs or len(values)
    if trace is not None:
        total = trace.total_steps or total
    lives, spent = alive(values, share), float(np.mean(values) / values.max())
    text = f"the rate goes from {values.max():.3g} to {values[-1]:.3g}"
    fields: dict[str, Any] = {
        "measured": lives,
        "expected": early,
        "unit": "share of the training",
        "pictures": _picture(values, "moments of the training"),
        "evidence": {"steps": total, "steps_at_full_rate": spent * total},
    }
    if lives >= early:
        return passed(text, **fields)
    text = (
        f"{text} and is under {share:.0%} of its peak from step {lives * total:.0f} of "
        f"{total} on: the training amounts to {max(spent * total, 1):.0f} steps at full rate"
    )
    cause, code = _cause(plan, lives * total)
    fields |= {"cause": cause, "where": f"step {lives * total:.0f}"}
    if trace is None:
        fix = Fix(text="Let the decay end with the training.", code=code)
        few = spent * total < strong
        return warned(text, fix=fix, **fields) if few else passed(text, **fields)
    restored = gain_of(trace, "restored", least)
    tried = restored.tried if restored is not None else {}
    fix = Fix(text="Let the decay end with the training.", code=code, tried=tried)
    if restored is not None and restored.beyond > 0:
        found = f"{text}; {restored.steps} more steps at the peak rate: it {restored.words}"
        return failed(found, fix=fix, **fields)
    if (gain(trace) or 0) >= learned or trace.onward.get("skill", 0) >= learned:
        return passed(f"{text}; that was enough", **fields)
    return warned(text, fix=fix, **fields)
