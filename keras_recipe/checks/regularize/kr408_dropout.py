from typing import Any

import keras

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.climbed_rows import family_row_if_tried
from keras_recipe.surgery.dropout import rates
from keras_recipe.surgery.followed import follows


@check("KR408", cost="static")
def dropout(model: Any, if_climbed: Any) -> Result:
    """Dropout is where it helps, and no BatchNorm gets what it drops.

    Why:
        Dropout changes the variance of what it hands on, in training only; a BatchNorm behind
        it learns that variance and meets another one in inference.
    Fix:
        Put dropout behind the last BatchNorm, or leave it out; `Recipe.regularize` tells which
        rate helps.
    Tune:
        Nothing: it looks at which layer follows which. Layers that drop whole rows (a
        `noise_shape`, as for stochastic depth) and a frozen BatchNorm are left out.
    Source:
        Karpathy 2019, stage 4, "drop"; Li et al. 2019, "Understanding the disharmony between
        dropout and batch normalization by variance shift". It only WARNs: nets with both may
        train well.
    """
    dropped = [one.layer for one in rates(model) if one.attribute == "rate" and one.value > 0]
    singly = [one for one in dropped if getattr(one, "noise_shape", None) is None]
    found = follows(model, singly, keras.layers.BatchNormalization)
    said = family_row_if_tried(if_climbed, "dropout")
    if found:
        text = ", ".join(f"{norm!r} gets what {drop!r} drops" for drop, norm in found)
        more = "" if said is None else f"; {said.message}"
        return warned(
            f"{text}{more}",
            where=found[0][1],
            cause="The variance that BatchNorm learns in training is another in inference.",
            fix=Fix(text="Put dropout behind the last BatchNorm, or leave it out."),
            evidence={"pairs": [list(pair) for pair in found]},
        )
    if said is not None:
        return said
    if not dropped:
        msg = "the model has no dropout; Recipe.regularize() tells whether it would help"
        raise NotApplicable(msg)
    return passed("no BatchNorm gets what a dropout layer dropped")
