"""How a ladder ended, in one sentence."""

import math

import pytest

from keras_recipe.experiments.ladder import START, LadderResult, Move, Rung
from keras_recipe.experiments.meeting import Goal
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.overfitted import Overfitted

WIDER = Move(name="wider", text="twice the units")
FLOOR = Goal(floor=0.0, constant=2.0, share=0.95)


def rung(move, loss, *, kept=True):
    record = TrialRecord(key=move.name, moves=(move.name,), seed=0, score=loss)
    return Rung(move=move, records=(record,), kept=kept, reason="")


def result(*rungs, goal=FLOOR):
    ladder = LadderResult(rungs=rungs, monitor="loss", seeds=(0, 1), trial=None)
    return Overfitted(ladder=ladder, goal=goal, left_out={})


@pytest.mark.parametrize(
    ("found", "met", "words"),
    [
        (result(rung(START, 0.05)), True, "of the model as it is meets"),
        (result(rung(START, 1.0), rung(WIDER, 0.05)), True, "'wider' did it"),
        (
            result(rung(START, 1.0), rung(WIDER, 0.5)),
            False,
            "after 1 kept change does not meet",
        ),
        (result(rung(START, 1.0), rung(WIDER, 1.2, kept=False)), False, "0 kept changes"),
        (result(rung(START, 1.0), goal=Goal(share=0.95)), False, "no goal"),
        (result(rung(START, math.inf)), False, "does not meet"),
    ],
)
def test_the_verdict_says_how_it_ended(found, met, words):
    assert found.met is met
    assert words in found.verdict
    assert words in " ".join(str(found).split())


def test_a_person_who_is_met_is_named():
    goal = Goal(floor=0.0, constant=2.3, share=0.99, person=0.9, person_loss=0.54)
    found = result(rung(START, 0.5), goal=goal)
    assert found.met
    assert "90.0% (KR206)" in found.verdict
