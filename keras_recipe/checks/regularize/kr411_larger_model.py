from keras_recipe.core.check import check
from keras_recipe.core.result import Result
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.regularizing import Climbed


@check("KR411", cost="experiment")
def larger_model(climbed: Climbed) -> Result:
    """A larger model, stopped early, was tried.

    Why:
        A larger model overfits in the end, but at its best moment it is often much better than
        a smaller one.
    Fix:
        `Recipe.regularize(moves=["larger model"])`.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed.
    Source:
        Karpathy 2019, stage 4, "try a larger model". It never FAILs: what does not help is not
        kept.
    """
    return family_row(climbed, "larger model")
