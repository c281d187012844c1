from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.refitting import without_rate_callbacks
from keras_recipe.experiments.gains import gain_of
from keras_recipe.experiments.progress import alive, gain, rates
from keras_recipe.surgery.plan import Plan
from keras_recipe.surgery.schedule import set_learning_rate_decay

SPENT = 0.01  # share of the peak at which the picture says that nothing is left
MARKED = 5  # epochs marked in the picture, more do not find room


def _picture(values: np.ndarray, total: int, epochs: int, spent: float) -> dict[str, Any]:
    """Return the rate against steps, with some epochs marked and the end of its life."""
    each = -(-epochs // MARKED)
    ends = {f"epoch {n}": n * total / epochs for n in range(each, epochs, each)}
    if spent < 1:
        ends[f"under {SPENT:.0%} of the peak"] = spent * total
    return {
        "kind": "curves",
        "title": "Learning rate over the training",
        "x": np.linspace(0, max(total - 1, 1), len(values)).tolist(),
        "series": {"learning rate": values.tolist()},
        "marks": ends,
        "xlabel": "step",
        "ylabel": "rate",
    }


def _of_a_callback(plan: Plan) -> bool:
    return plan.by_callback or (plan.trace is not None and not plan.rates)


def _done(plan: Plan) -> dict[str, Any]:
    """Return what takes the decay away: a constant rate, or no callback that sets it."""
    if _of_a_callback(plan):
        return {"data": without_rate_callbacks}
    return {"action": partial(set_learning_rate_decay, on=False)}


def _cause(plan: Plan, steps: float) -> tuple[str, str]:
    """Return why the rate dies so soon, and one line that mends it."""
    if _of_a_callback(plan):
        return (
            "A callback lowers the rate faster than the training learns.",
            "model.fit(..., callbacks=[])  # without the one that sets the learning rate",
        )
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
        Switch the decay off until the rest works: `set_learning_rate_decay(model, False)`;
        then let it end with the training.
    Tune:
        share: Rate, relative to its peak, that counts as dead; a cosine is there for the last
            9 % of its way.
        early: Share of the training before whose end a rate must not die.
        strong: Steps at full rate that a plan must hold, before training or where the net has
            learned since, not to WARN.
        least: Share of what can be learned that the peak rate must bring, trained on with it
            after the fit, to FAIL: beyond the same without it.
        learned: Share of the best constant's loss that, once gone, leaves no question.
    Source:
        Karpathy 2019, stage 3, "do not trust learning rate decay defaults".
    """
    trace = plan.trace
    values = np.asarray(plan.rates if trace is None else rates(trace), "float64")
    others = " and ".join(plan.unforeseen)
    if len(values) < 2 or not values.max() > max(0.0, values.min()):
        msg = "no schedule decides over the learning rate"
        if others:
            msg = f"{others} decides over the learning rate as it goes: that is not simulated"
        raise NotApplicable(msg)
    total, epochs = (plan.steps or 0) * plan.epochs or len(values), plan.epochs
    if trace is not None:
        total, epochs = trace.total_steps or total, len(trace.epochs)
    lives, dims = alive(values, share), alive(values, SPENT)
    spent = float(np.mean(values) / values.max())
    text = f"the rate goes from {values.max():.3g} to {values[-1]:.3g}"
    if others:
        text = f"{text} ({others} may lower it more: that is not simulated)"
    fields: dict[str, Any] = {
        "measured": lives,
        "expected": early,
        "unit": "share of the training",
        "pictures": [_picture(values, total, epochs, dims)],
        "evidence": {
            "steps": total,
            "steps_at_full_rate": spent * total,
            f"share_before_{SPENT:.0%}_of_peak": dims,
            "not_simulated": list(plan.unforeseen),
        },
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
        fix = Fix(text="Let the decay end with the training.", code=code, **_done(plan))
        few = spent * total < strong
        return warned(text, fix=fix, **fields) if few else passed(text, **fields)
    restored = gain_of(trace, "restored", least)
    tried = restored.tried if restored is not None else {}
    fix = Fix(
        text="Let the decay end with the training.", code=code, **_done(plan), tried=tried
    )
    if restored is not None and restored.beyond > 0:
        found = f"{text}; {restored.steps} more steps at the peak rate: it {restored.words}"
        return failed(found, fix=fix, **fields)
    enough = (gain(trace) or 0) >= learned or trace.onward.get("skill", 0) >= learned
    if enough and spent * total >= strong:
        return passed(f"{text}; that was enough", **fields)
    return warned(text, fix=fix, **fields)
