import numpy as np
import pytest
import sick
from healthy import BUILDERS
from specimens import subject

from keras_recipe.experiments.own_batches import learned


def share(program, steps=100):
    model, x, y, settings = program
    made = subject(model, x, y, **settings)
    before = [np.array(w) for w in model.get_weights()]
    needs = (made.need(name) for name in ("model", "sample", "task", "fit"))
    found = learned(*needs, steps=steps, seed=0, enough=0.8)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    return found


@pytest.mark.parametrize("name", ["logits", "linear_regression"])
def test_what_learns_shows_it(name):
    assert share(BUILDERS[name]()) > 0.3


@pytest.mark.parametrize("make", [sick.tiny_rate, sick.dead_relus])
def test_what_cannot_learn_does_not(make):
    assert share(make()) < 0.2
