from functools import partial

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, passed
from keras_recipe.data.crossfit import CrossFit
from keras_recipe.data.features import encoded
from keras_recipe.data.patches import smaller
from keras_recipe.data.probes import curve, learnable, placed


def _at(factor: int, seed: int, leaf: np.ndarray) -> np.ndarray:
    return encoded(smaller(leaf, factor), seed=seed)[0]


@check("KR117", cost="experiment", requires=("KR101", "KR118"))
def resolution(
    crossfit: CrossFit, *, factors: tuple[int, ...] = (2, 4, 8), clear: float = 0.2
) -> Result:
    """How far the inputs can be downsampled before labels get lost is known.

    Why:
        "How much does detail matter, and how far could we afford to downsample?" Half the side
        is a quarter of the work, and fewer things to overfit to.
    Fix:
        Average down to the smallest size that tells as much: `keras.layers.AveragePooling2D`
        first in the model, or smaller files.
    Tune:
        factors: Places averaged into one, along each axis.
        clear: Share that a simple model must explain at full size for a comparison.
    Source:
        Karpathy 2019, stages 1 and 4 ("smaller input dimensionality"). A simple model keeps
        the place of at most 8 x 8 averages, and sees finer detail by patches 3 wide at up to
        32 x 32 places, wherever it is.
    """
    _, leaf = placed(crossfit)
    answer = learnable(crossfit, clear)
    longest = max(leaf.shape[1:-1] if leaf.ndim > 3 else leaf.shape[1:2])
    forms = [(f"1/{f}", partial(_at, f, crossfit.seed)) for f in factors if f <= longest // 2]
    if not forms:
        msg = "the inputs are too small to be made smaller"
        raise NotApplicable(msg)
    found = curve(crossfit, answer, forms)
    kept = 0
    while kept < len(found.points) and found.enough(found.points[kept]):
        kept += 1
    advice = (
        f"{found.points[kept - 1].name} of the size tells as much as the whole"
        if kept
        else "detail matters: do not downsample"
    )
    return passed(
        f"{found.text}; {advice}",
        measured=found.points[kept - 1].skill if kept else found.points[0].skill,
        expected=found.whole,
        unit="share explained",
        where=found.where,
        evidence=found.evidence,
    )
