"""The check: one file, registered by being imported."""

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed
from keras_recipe.data.batch import Batch, leaves


@check("KR190", cost="forward")
def blank_images(sample: Batch, *, most: float = 0.001) -> Result:
    """No image is blank.

    Why:
        The scanner writes a blank page when its lamp fails; a net learns a class for it.
    Fix:
        Scan these again, or leave them out.
    Tune:
        most: Share of blank images from which on it FAILs; blank pages of the scanner's test.
    Source:
        The scanner's manual. Left of `*` stands what the check needs, by name.
    """
    images = leaves(sample.x)[0]
    blank = np.ptp(images.reshape(len(images), -1), axis=1) == 0
    said = f"{blank.sum()} of {len(blank)} images are blank"
    if blank.mean() > most:
        again = Fix(text="Scan these again, or leave them out.")
        return failed(said, measured=float(blank.mean()), expected=0.0, unit="share", fix=again)
    return passed(said, measured=float(blank.mean()), expected=0.0, unit="share")
