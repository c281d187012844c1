from typing import Any

import keras

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.climbed_rows import family_row_if_tried
from keras_recipe.surgery.weight_decay import decays, optimizers, owned


def _acts(variable: Any) -> bool:
    """Whether a penalty shrinks a weight; Keras counts those of trainable weights only."""
    regularizer = variable.regularizer
    if not regularizer or isinstance(regularizer, keras.regularizers.OrthogonalRegularizer):
        return False
    strengths = [getattr(regularizer, name, None) for name in ("l1", "l2")]
    known = [float(s) for s in strengths if s is not None]
    return bool(variable.trainable) and (not known or max(known) > 0)


@check("KR409", cost="static")
def weight_decay(model: Any, if_climbed: Any) -> Result:
    """Weight decay is one thing, and meant as such.

    Why:
        A penalty in the loss and a decoupled decay do nearly the same: with both, nobody knows
        which strength counts.
    Fix:
        Keep one of the two.
    Tune:
        Nothing. Whether a `weight_decay` was meant to lower the learning rate, as `decay` did
        in older versions, cannot be told from its value: 5e-4 is both the rate 0.1 over 200
        epochs and the decay of many a recipe.
    Source:
        Karpathy 2019, stage 4, "weight decay"; Loshchilov & Hutter 2019. It only WARNs: both
        may be meant.
    """
    found = [value for one in optimizers(model) for value in decays(one).values() if value]
    penalties = [one.variable.path for one in owned(model) if _acts(one.variable)]
    said = family_row_if_tried(if_climbed, "weight decay")
    more = "" if said is None else f"; {said.message}"
    if found and penalties:
        return warned(
            f"weights are held back twice: by penalties on {len(penalties)} weights "
            f"({penalties[0]}, …) and by a decoupled decay of {max(found):g}{more}",
            where=penalties[0],
            cause="Nobody knows which of the two strengths counts.",
            fix=Fix(text="Keep one of the two.", code="kernel_regularizer=None"),
            evidence={"decay": max(found), "penalties": penalties},
        )
    if said is not None:
        return said
    if not found and not penalties:
        msg = "nothing decays the weights; Recipe.regularize() tells whether it would help"
        raise NotApplicable(msg)
    return passed(
        f"one thing decays the weights: {'a decoupled decay' if found else 'penalties'}"
    )
