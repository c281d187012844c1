from keras_recipe.core.check import check
from keras_recipe.core.result import Result
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.regularizing import Climbed


@check("KR403", cost="experiment")
def synthetic_data(climbed: Climbed) -> Result:
    """Made-up rows are in training only where they help beyond noise.

    Why:
        Rows mixed of two (MixUp, CutMix) or made by a generator are cheap and may stand in for
        true ones; made badly, they teach what is not so.
    Fix:
        `Recipe.regularize(moves=["synthetic data"], synthetic=rows)` tries several shares.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed.
    Source:
        Karpathy 2019, stage 4, "creative augmentation"; Zhang et al. 2018 (MixUp); Yun et al.
        2019 (CutMix). It never FAILs: what does not help is not kept.
    """
    return family_row(climbed, "synthetic data")
