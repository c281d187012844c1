from keras_recipe.core.check import check
from keras_recipe.core.result import Result
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.regularizing import Climbed


@check("KR404", cost="experiment")
def pretrained(climbed: Climbed) -> Result:
    """Weights learned elsewhere are the start where they help beyond noise.

    Why:
        Pretrained weights rarely hurt even with enough data, and on few rows they are worth
        more than any penalty; but they have to fit the inputs.
    Fix:
        `Recipe.regularize(moves=["pretrained"], pretrained="backbone.keras")`.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed.
    Source:
        Karpathy 2019, stage 4, "pretrain". They are tried frozen, then free. It never FAILs:
        what does not help is not kept.
    """
    return family_row(climbed, "pretrained")
