"""Every check on healthy programs of many kinds: silent, repeatable, plain and harmless."""

import json
import os

import healthy
import keras
import numpy as np
import pytest

from keras_recipe import checks
from keras_recipe.core.check import CHECKS, SECTIONS
from keras_recipe.examine import check
from keras_recipe.surgery.preserve import variables_of

#: Those that fooled a checker most often get every check; the others what looks inside, for
#: compiling takes seconds a program. KERAS_RECIPE_EVERY=1 gives every check to all of them.
HARDEST = (
    "own_train_step",
    "output_without_loss",
    "masked_tokens",
    "zero_head_and_branches",
    "warm_up_from_zero",
    "converged",
)
if os.environ.get("KERAS_RECIPE_EVERY"):
    HARDEST = tuple(healthy.BUILDERS)
OTHERS = sorted(set(healthy.BUILDERS) - set(HARDEST))

checks.load()


def state(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]


def examined(name, **settings):
    model, x, y, own = healthy.BUILDERS[name]()
    return check(model, x, y, verbose=0, budget=600, **own, **settings)


def alarms(report):
    return [
        f"{r.code} {r.status}: {r.message}"
        for r in report.results
        if r.status in ("fail", "error")
    ]


@pytest.mark.parametrize("name", HARDEST)
def test_every_check_is_silent_on_the_hardest_healthy_programs(name, capfd):
    report = examined(name)
    printed = capfd.readouterr().out
    assert alarms(report) == []
    assert printed == ""
    assert {r.code for r in report.results} <= set(CHECKS)
    json.loads(report.to_json())


@pytest.mark.parametrize("name", OTHERS)
def test_looking_inside_is_silent_on_the_other_healthy_programs(name):
    select = ["KR219", "KR220", "KR222"]
    if (name, keras.config.backend()) == ("stateful_recurrence", "torch"):
        model, x, y, own = healthy.BUILDERS[name]()
        with pytest.raises(RuntimeError, match="inplace"):  # a fault of Keras 3.15 itself
            model.fit(x, y, verbose=0, **{**own, "epochs": 1})
        select.remove("KR219")
    assert alarms(examined(name, select=select)) == []


def test_the_model_is_bit_for_bit_what_it_was():
    model, x, y, own = healthy.BUILDERS["zero_head_and_branches"]()
    model.fit(x[:32], y[:32], verbose=0)
    before = state(model)
    check(model, x, y, verbose=0, **own)
    after = state(model)
    assert len(before) == len(after)
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)


def test_two_examinations_agree():
    def rows():
        keras.backend.clear_session()  # layers get the same names again
        keras.utils.set_random_seed(3)
        return [
            {k: v for k, v in result.to_dict().items() if k != "seconds"}
            for result in examined("softmax_regression", seed=5).results
        ]

    assert rows() == rows()


@pytest.mark.parametrize("code", sorted(CHECKS))
def test_every_check_has_a_full_page(code):
    one = CHECKS[code]
    assert all(one.page[section].strip() for section in ("summary", *SECTIONS))
    assert all(f"{name}:" in one.page["Tune"] for name in one.thresholds)
    assert one.page["summary"].endswith(".")
