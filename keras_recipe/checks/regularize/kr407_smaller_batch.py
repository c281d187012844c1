from keras_recipe.core.check import check
from keras_recipe.core.result import Result
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.regularizing import Climbed


@check("KR407", cost="experiment")
def smaller_batch(climbed: Climbed) -> Result:
    """The batch is no larger than helps.

    Why:
        Noisier gradients find flatter minima, and with BatchNorm a smaller batch regularises
        more: the statistics of fewer rows are noisier.
    Fix:
        A smaller `batch_size`.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed.
    Source:
        Karpathy 2019, stage 4, "decrease the batch size"; Keskar et al. 2017. Each trial sees
        as many rows as without. It never FAILs: what does not help is not kept.
    """
    return family_row(climbed, "smaller batch")
