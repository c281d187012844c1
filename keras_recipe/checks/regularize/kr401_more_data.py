from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, passed
from keras_recipe.experiments.curve_words import curve_picture, curve_text
from keras_recipe.experiments.regularizing import MORE_DATA, Climbed


@check("KR401", cost="experiment")
def more_data(climbed: Climbed) -> Result:
    """It is known what more training rows would bring.

    Why:
        More real data is the best regulariser there is, and the only one that helps almost
        always. Whether it is worth its price shows the curve of the loss by number of rows.
    Fix:
        Where twice the rows should take a good part of the loss away, collect them before
        anything else is tried.
    Tune:
        Nothing: the interval is a bootstrap's at 95 %.
    Source:
        Karpathy 2019, stage 4, "get more data"; Hestness et al. 2017: the loss falls with a
        power of the number of rows, down to a floor. Parts of the rows are nested, seeds
        paired, and each training ends with its best weights. It never FAILs.
    """
    curve = climbed.curve
    if curve is None:
        raise NotApplicable(climbed.plan.left_out.get(MORE_DATA, "it was not tried"))
    if len(curve.sizes) < 2:
        msg = f"{sum(curve.sizes)} rows are too few to leave some out"
        raise NotApplicable(msg)
    law = curve.law
    fields: dict[str, Any] = {
        "measured": None if law is None else law.doubling,
        "unit": "share of the loss that twice the rows take away",
        "evidence": curve.to_dict(),
        "pictures": [curve_picture(curve)],
    }
    return passed(curve_text(curve), **fields)
