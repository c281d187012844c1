from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed
from keras_recipe.experiments.gains import has_stalled
from keras_recipe.experiments.progress import gain
from keras_recipe.surgery.widen import widen


@check("KR305", cost="live", requires=("KR310",))
def can_overfit(trace: Any, *, enough: float = 0.5) -> Result:
    """The model learns its training rows, or nothing simple would learn them either.

    Why:
        A model must be able to overfit before it is worth regularising. One that has stopped
        learning where a linear model or the nearest neighbours know more cannot: it is too
        small, or something in it stands in the way.
    Fix:
        Widen or deepen it until the training loss meets the noise floor (a person's errors,
        KR206); if it does not, look for what stands in the way (KR209).
    Tune:
        enough: Share of what can be learned from which on nothing is said.
    Source:
        Karpathy 2019, stage 3, "overfit". FAILs only where the trained model clearly loses to a
        simple one on rows it was trained on, and none of training on as it was, at other
        rates, without clip or regularisation brings it 10 % nearer.
    """
    skill, turns = trace.onward.get("skill"), trace.onward.get("turns", {})
    got = gain(trace)
    if skill is None:
        if got is None or got < enough:
            msg = "what can be learned is not known; RecipeModel.check finds out before a fit"
            raise NotApplicable(msg)
        return passed(f"{got:.0%} of the best constant's loss is gone", measured=got)
    text = f"the model shows {skill:.0%} of what can be learned"
    best = max((max(turn["skill"]) for turn in turns.values()), default=skill)
    fields: dict[str, Any] = {
        "measured": skill,
        "expected": enough,
        "unit": "share learned",
        "evidence": {"best_of_training_on": best, "ways": sorted(turns)},
    }
    if got is not None and got >= enough:  # the weights kept are others: KR217, KR319
        text = f"{text}, but {got:.0%} of the best constant's loss was gone while it trained"
        return passed(text, **fields)
    behind = has_stalled(trace.onward) and trace.onward.get("behind")
    if skill >= enough or not behind or trace.program.get("custom_step"):
        return passed(text, **fields)
    return failed(
        f"{text} and no more than {best:.0%} after training on ({', '.join(turns)}), while a "
        "simple baseline knows more of its own training rows",
        cause="The model is too small for its rows, or something in it stands in the way.",
        fix=Fix(
            text="Make it larger until it overfits.",
            code='keras.layers.Dense(64, activation="relu")  # in place of fewer units',
            action=widen,
        ),
        **fields,
    )
