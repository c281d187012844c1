"""Gradients gathered over steps: the updates that a training makes of them."""

import keras
import numpy as np
import pytest
import specimens
from traces import onward, plan, trace

from keras_recipe.checks.overfit.kr317_frozen_weights import frozen_weights
from keras_recipe.checks.overfit.kr318_learning_rate import learning_rate
from keras_recipe.core.result import Status
from keras_recipe.experiments.gathered import too_few_updates, updates
from keras_recipe.experiments.onward import turns
from keras_recipe.model import RecipeModel
from keras_recipe.surgery.plan import optimizer_facts


def gathering(each, begun=0):
    return {"gradient_accumulation_steps": each, "steps_gathered": begun}


def planned(each, begun=0, **fields):
    return plan(**{"epochs": 4, "steps": 50, "optimizer": gathering(each, begun), **fields})


def trained(each, **fields):
    return trace(1.0, 0.9, optimizer={"learning_rate": 1e-3, **gathering(each)}, **fields)


@pytest.mark.parametrize(
    ("each", "status"),
    [
        (201, Status.FAIL),
        (200, Status.WARN),
        (21, Status.WARN),
        (20, None),
        (4, None),
        (1, None),
    ],
)
def test_a_plan_of_200_steps_must_hold_updates(each, status):
    found = too_few_updates(planned(each))
    assert (found and found.status) == status


def test_what_an_earlier_fit_gathered_counts():
    assert too_few_updates(planned(210, begun=150)).status is Status.WARN
    assert too_few_updates(planned(210)).status is Status.FAIL


def test_one_epoch_may_be_part_of_a_loop():
    assert too_few_updates(planned(1000, epochs=1)).status is Status.WARN


def test_a_plan_of_unknown_length_says_nothing():
    assert too_few_updates(planned(1000, steps=None)) is None


def test_a_fit_is_judged_by_the_steps_it_made():
    assert too_few_updates(plan(trained(500))).status is Status.FAIL
    assert too_few_updates(plan(trained(10))) is None
    assert updates(trained(30)) == 3


def test_an_update_every_step_that_teaches_is_the_proof():
    found = onward(0.02, same=[0.02] * 3, ungathered=[0.3, 0.6, 0.8])
    result = learning_rate(plan(trained(30, onward=found)))
    assert result.status is Status.FAIL
    assert "3 updates in 100 steps" in result.message
    assert learning_rate(plan(trained(30))).status is Status.WARN


def test_nothing_that_moved_is_put_down_to_the_gathering():
    made = trained(500)
    made.unchanged = list(made.shapes)
    assert "500 steps" in frozen_weights(made).cause


@pytest.mark.parametrize(("each", "tried"), [(30, True), (1, False)])
def test_it_is_tried_where_there_were_few_updates(each, tried):
    model = specimens.classifier(optimizer=keras.optimizers.Adam())
    assert ("ungathered" in [turn.name for turn in turns(model, trained(each))]) is tried


def test_the_facts_are_those_of_the_optimizer():
    x, y = specimens.digits()
    rate = keras.optimizers.Adam(gradient_accumulation_steps=4)
    model = specimens.classifier(optimizer=rate)
    model.fit(x[:160], y[:160], batch_size=32, verbose=0)
    assert {key: optimizer_facts(model)[key] for key in gathering(4)} == gathering(4, begun=1)
    assert not gathering(4).keys() & optimizer_facts(specimens.classifier()).keys()


def test_the_fix_makes_an_update_at_every_step():
    x, y = specimens.digits()
    rate = keras.optimizers.SGD(0.1, gradient_accumulation_steps=100)
    model = RecipeModel(specimens.classifier(optimizer=rate))
    found = model.check(x[:64], y[:64], epochs=2, select=["KR318"], verbose=0)["KR318"]
    assert found.status is Status.FAIL
    found.fix.action(model.model)
    before = model.get_weights()[0]
    model.fit(x[:64], y[:64], verbose=0, recipe="off")
    assert np.any(before != model.get_weights()[0])
