from itertools import pairwise
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.progress import gain


def _dead(trace: Any) -> dict[str, tuple[float, float, int]]:
    """Return by layer the share of dead units at first and last, and the epoch of most rise."""
    looks = [look for look in trace.activations if look["layers"]]
    if len(looks) < 2:
        return {}
    found = {}
    for path, numbers in looks[-1]["layers"].items():
        shares = [look["layers"].get(path, {}).get("dead", 0.0) for look in looks]
        rises = [after - before for before, after in pairwise(shares)]
        at = max(range(len(rises)), key=rises.__getitem__)
        found[path] = (shares[0], numbers.get("dead", 0.0), looks[at + 1]["epoch"])
    return found


@check("KR316", cost="live", requires=("KR310",))
def dying_relu(
    trace: Any,
    *,
    most: float = 0.7,
    rise: float = 0.2,
    poor: float = 0.5,
    epochs: int = 2,
) -> Result:
    """The units that were alive at the start still answer to some input at the end.

    Why:
        A large step can push a ReLU below zero for every input. It gets no gradient from then
        on and never comes back: the net shrinks while it trains.
    Fix:
        Lower the learning rate; LeakyReLU or normalisation where that is not enough.
    Tune:
        most: Share of a layer's units that are 0 on all probe rows at the end, to say
            anything; sparse layers have 50-80 % of their values at 0, but few units.
        rise: And how much that share grew since the first epoch; a layer that is all dead
            need not have grown.
        poor: Share of the best constant's loss under which the net was harmed: it FAILs, else
            it WARNs.
        epochs: Epochs below which nothing is said.
    Source:
        Karpathy, CS231n, "the dying ReLU"; SageMaker and DeepDiagnosis alarm at 50 % and 70 %.
    """
    found = _dead(trace)
    if not found or len(trace.epochs) < epochs:
        msg = "the layers were not looked at twice: RecipeMonitor needs a probe"
        raise NotApplicable(msg)
    sick = {
        path: (first, last, epoch)
        for path, (first, last, epoch) in found.items()
        if last >= most and (last - first >= rise or last == 1.0)
    }
    path = max(sick or found, key=lambda one: found[one][1])
    first, last, epoch = found[path]
    got = gain(trace)
    text = f"{last:.0%} of the units of {path} are 0 for every probe row ({first:.0%} at first)"
    fields: dict[str, Any] = {
        "measured": last,
        "expected": most,
        "unit": "share of units",
        "where": path,
        "evidence": {name: list(numbers) for name, numbers in sick.items()},
    }
    if not sick:
        return passed(text, **fields)
    fields["cause"] = (
        f"The largest rise was up to epoch {epoch + 1}: the steps before were too large."
        if last - first >= rise
        else "They died in the first epoch, or were never alive."
    )
    fields["fix"] = Fix(
        text="Lower the learning rate by 10, or use a leaky activation.",
        code='keras.layers.Dense(units, activation="leaky_relu")',
    )
    harmed = got is not None and got < poor and trace.program.get("labels_vary")
    if harmed and trace.onward.get("skill", 0.0) < poor:
        ended = f"{text}; {max(got or 0, 0):.0%} of the best constant's loss is gone"
        return failed(ended, **fields)
    return warned(text, **fields)
