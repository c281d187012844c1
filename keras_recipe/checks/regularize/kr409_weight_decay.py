from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.climbed_rows import family_row_if_tried
from keras_recipe.subject import FitSettings
from keras_recipe.surgery.optimizer import innermost, rate_of
from keras_recipe.surgery.weight_decay import decays, optimizers, owned


@check("KR409", cost="static")
def weight_decay(
    model: Any, fit: FitSettings, if_climbed: Any, *, near: float = 0.01
) -> Result:
    """Weight decay is one thing, and meant as such.

    Why:
        A penalty in the loss and a decoupled decay do nearly the same: with both, nobody knows
        which strength counts. And `weight_decay` shrinks weights; what older versions called
        `decay` lowered the learning rate.
    Fix:
        Keep one of the two; for a falling learning rate give a schedule.
    Tune:
        near: How near to the learning rate over the epochs, the usual setting of the old
            `decay`, a weight decay has to be to look like one.
    Source:
        Karpathy 2019, stage 4, "weight decay"; Loshchilov & Hutter 2019. It only WARNs: both
        may be meant.
    """
    found = [value for one in optimizers(model) for value in decays(one).values() if value]
    penalties = [one.variable.path for one in owned(model) if one.variable.regularizer]
    said = family_row_if_tried(if_climbed, "weight decay")
    more = "" if said is None else f"; {said.message}"
    rate = float(rate_of(innermost(model.optimizer))) if model.optimizer is not None else 0.0
    old = rate / max(fit.epochs, 1)
    if found and penalties:
        return warned(
            f"weights are held back twice: by penalties on {len(penalties)} weights "
            f"({penalties[0]}, …) and by a decoupled decay of {max(found):g}{more}",
            where=penalties[0],
            cause="Nobody knows which of the two strengths counts.",
            fix=Fix(text="Keep one of the two.", code="kernel_regularizer=None"),
            evidence={"decay": max(found), "penalties": penalties},
        )
    if found and fit.epochs > 1 and abs(max(found) - old) <= near * old:
        return warned(
            f"the weight decay of {max(found):g} is the learning rate over {fit.epochs} "
            f"epochs, as the learning-rate decay of older versions was set{more}",
            measured=max(found),
            cause="`weight_decay` shrinks the weights and leaves the learning rate as it is.",
            fix=Fix(
                text="Give the optimizer a schedule.",
                code="keras.optimizers.schedules.InverseTimeDecay(rate, 1, decay)",
            ),
        )
    if said is not None:
        return said
    if not found and not penalties:
        msg = "nothing decays the weights; Recipe.regularize() tells whether it would help"
        raise NotApplicable(msg)
    return passed(
        f"one thing decays the weights: {'a decoupled decay' if found else 'penalties'}"
    )
