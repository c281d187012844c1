"""A fix that was applied takes its FAIL away and brings no other."""

import keras
import pytest
import sick
from healthy import PLAN, some_digits, standard_diabetes
from keras import layers as L
from specimens import SPARSE, cancer, classifier, compiled

from keras_recipe.core.errors import InputError
from keras_recipe.core.result import failed, warned
from keras_recipe.diagnosis.change import Change
from keras_recipe.diagnosis.fixes import fix_of
from keras_recipe.examine import check

ASKED = (
    "KR109",
    "KR202",
    "KR203",
    "KR204",
    "KR209",
    "KR219",
    "KR220",
    "KR221",
    "KR222",
    "KR302",
)
BY_HAND = ("stopped_gradient",)  # an op in the code
ADAM = keras.optimizers.Adam


def sigmoid_head():
    return classifier(head="sigmoid", optimizer=ADAM(3e-3)), *some_digits(), PLAN


def too_few_units():
    return classifier(units=7, optimizer=ADAM(3e-3)), *some_digits(), PLAN


def raw_scores():
    return classifier(head=None, loss=SPARSE, optimizer=ADAM(3e-3)), *some_digits(), PLAN


def softmax_twice():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return classifier(loss=loss, optimizer=ADAM(3e-3)), *some_digits(), PLAN


def positive_output():
    stack = L.Dense(16, activation="relu"), L.Dense(1, activation="relu")
    model = compiled(*stack, shape=(10,), loss="mse", optimizer=ADAM(3e-3))
    return model, *standard_diabetes(), PLAN


def flipped_sign():
    def wrong(y, p):
        return -keras.losses.sparse_categorical_crossentropy(y, p)

    return classifier(loss=wrong, optimizer=ADAM(3e-3)), *some_digits(), PLAN


def softmax_of_one():
    stack = L.Dense(16, activation="relu"), L.Dense(1, activation="softmax")
    model = compiled(*stack, shape=(30,), loss="binary_crossentropy", optimizer=ADAM(3e-3))
    return model, *cancer(), PLAN


SICK = [
    *(sick.tiny_rate, sick.deep_sigmoids, sick.dead_relus, sick.random_frozen),
    *(sick.equal_units, sick.exploding_weights, sick.all_linear, sick.huge_inputs_into_tanh),
    *(sigmoid_head, too_few_units, raw_scores, softmax_twice, positive_output, flipped_sign),
    softmax_of_one,
]


def asked(program, model=None):
    given, x, y, settings = program
    given = given if model is None else model
    return check(given, x, y, verbose=0, select=list(ASKED), budget=300.0, **settings)


@pytest.mark.filterwarnings("ignore:.*softmax over axis:UserWarning")
@pytest.mark.parametrize("make", SICK, ids=lambda make: make.__name__)
def test_the_fix_of_the_first_problem_takes_every_failure_away(make, monkeypatch):
    monkeypatch.setattr("keras_recipe.diagnosis.counterfactual.SECONDS", 300.0)
    program = make()
    report = asked(program)
    first = report.problems[0]
    assert first.status == "fail" or report.failures
    model = first.fix.apply(program[0])
    again = asked(program, model)
    assert not again.failures, again.failures


@pytest.mark.parametrize("name", BY_HAND)
def test_what_has_to_be_mended_in_the_code_says_so(name):
    program = getattr(sick, name)()
    model, x, y, settings = program
    report = check(model, x, y, verbose=0, select=["KR217", "KR219"], **settings)
    with pytest.raises(InputError, match="by hand"):
        report.failures[0].fix.apply(model)


def test_several_changes_are_applied_in_turn():
    said = []
    changes = [
        Change(text=part, code=f"{part}()", codes=("KR109",), part=part, action=said.append)
        for part in ("optimizer", "inputs")
    ]
    fix = fix_of(changes)
    assert fix.apply("model") == "model"
    assert said == ["model", "model"]
    assert (fix.text, fix.code) == ("Optimizer, and inputs.", "optimizer(); inputs()")


def test_one_change_made_by_hand_leaves_all_to_the_hand():
    changes = [
        Change(text=part, code="", codes=("KR110",), part=part, action=action)
        for part, action in (("targets", None), ("optimizer", lambda _: None))
    ]
    assert not fix_of(changes).can_be_applied


def test_a_warning_and_an_accepted_finding_are_left():
    from keras_recipe.diagnosis.fixes import with_fixes

    rows = [
        warned("w", code="KR221", cost="forward"),
        failed("f", code="KR221", cost="forward", waiver="meant"),
        failed("t", code="KR209", cost="train"),
    ]
    change = Change(text="t", code="c", codes=("KR221", "KR209"), part="w", action=print)
    assert with_fixes(rows, [change], None, None, tune={}, seconds=1.0) == rows
