from functools import partial

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.result import Result, passed
from keras_recipe.data.crossfit import CrossFit
from keras_recipe.data.patches import local
from keras_recipe.data.probes import curve, learnable, placed


def _seen(width: int, seed: int, leaf: np.ndarray) -> np.ndarray:
    return local(leaf, seed, width)(leaf)


@check("KR115", cost="experiment", requires=("KR101", "KR118"))
def locality(
    crossfit: CrossFit, *, widths: tuple[int, ...] = (1, 3, 5, 7), clear: float = 0.2
) -> Result:
    """How large a patch has to be before it tells the label is known.

    Why:
        "Is very local evidence enough, or do we need global context?" It decides how far a
        unit has to see: the number and size of convolutions, or attention.
    Fix:
        Let the receptive field be at least the width found; look further only if all of it
        falls short of the whole.
    Tune:
        widths: Widths of the patches, on inputs averaged to at most 16 x 16 (64 steps) and, of
            larger ones, on the inputs as they are.
        clear: Share that a simple model must explain with the whole for a comparison.
    Source:
        Karpathy 2019, stage 1. Responses of random patches of the data, pooled over all places
        (Coates and Ng 2011), to an extra-trees forest or a linear model; two standard errors.
    """
    _, leaf = placed(crossfit)
    answer = learnable(crossfit, clear)
    forms = [(f"width {width}", partial(_seen, width, crossfit.seed)) for width in widths]
    found = curve(crossfit, answer, forms)
    first = next((p for p in found.points if found.enough(p)), None)
    advice = (
        f"patches of {first.name} at any place tell as much as the whole: small convolutions "
        "and global pooling will do"
        if first
        else "patches at any place fall short of the whole: keep the places, or see further"
    )
    return passed(
        f"{found.text}; {advice}",
        measured=max(p.skill for p in found.points),
        expected=found.whole,
        unit="share explained",
        where=found.where,
        evidence={**found.evidence, "shape": list(leaf.shape[1:])},
    )
