import numpy as np
import pytest
from specimens import digits

from keras_recipe.core.errors import NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.data.crossfit import CrossFit, Question
from keras_recipe.data.probes import curve, learnable, placed

CLASSES = [Question("y", 0, classes=True)]


def pictures(rows=300):
    x, y = digits(flat=False)
    return CrossFit(Batch(x[:rows], y[:rows]), None, CLASSES)


def test_a_curve_says_what_is_enough():
    fit = pictures()
    forms = [
        ("nothing", lambda leaf: np.zeros((len(leaf), 1))),
        ("all", lambda leaf: leaf.reshape(len(leaf), -1)),
    ]
    found = curve(fit, learnable(fit, 0.2), forms)
    assert [found.enough(point) for point in found.points] == [False, True]
    assert found.where == "x"
    assert "nothing 0%" in found.text
    assert set(found.evidence) == {"whole", "noise", "nothing", "all"}


def test_tables_have_no_places_and_noise_nothing_to_compare():
    x, y = digits()
    with pytest.raises(NotApplicable, match="picture"):
        placed(CrossFit(Batch(x[:50], y[:50]), None, CLASSES))
    mixed = np.random.default_rng(0).permutation(y[:100])
    with pytest.raises(NotApplicable, match="too little"):
        learnable(CrossFit(Batch(x[:100], mixed), None, CLASSES), 0.2)
