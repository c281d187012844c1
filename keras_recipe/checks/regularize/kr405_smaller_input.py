from keras_recipe.core.check import check
from keras_recipe.core.result import Result
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.regularizing import Climbed


@check("KR405", cost="experiment")
def smaller_input(climbed: Climbed) -> Result:
    """Inputs are no larger than helps.

    Why:
        A feature that holds nothing but noise is one more thing to learn by heart, and detail
        that does not matter costs time and memory.
    Fix:
        Leave out what its shuffling costs nothing, or halve the resolution.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed.
    Source:
        Karpathy 2019, stage 4, "smaller input dimensionality"; Breiman 2001 (importance by
        shuffling). It never FAILs: what does not help is not kept.
    """
    return family_row(climbed, "smaller input")
