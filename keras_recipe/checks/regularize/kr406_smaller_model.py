from keras_recipe.core.check import check
from keras_recipe.core.result import Result
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.regularizing import Climbed


@check("KR406", cost="experiment")
def smaller_model(climbed: Climbed) -> Result:
    """The model is no larger than helps.

    Why:
        A smaller network has less room to learn by heart, and a dense top over a flattened map
        holds most of a model's weights for nothing that pooling would not do.
    Fix:
        Fewer units, one layer less, or pooling in place of flattening.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed.
    Source:
        Karpathy 2019, stage 4, "smaller model size". It never FAILs: what does not help is
        not kept.
    """
    return family_row(climbed, "smaller model")
