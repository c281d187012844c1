"""What fit feeds against what evaluation feeds."""

import pytest

from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.baseline.kr211_just_before_the_net import just_before_the_net
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def part(low, high, *, mean=None, std=None, whole=False, dtype="float32"):
    middle = (low + high) / 2 if mean is None else mean
    spread = (high - low) / 4 if std is None else std
    numbers = {"min": low, "max": high, "mean": middle, "std": spread, "whole": whole}
    return {"name": "x", "dtype": dtype, "shape": [32, 8], **numbers}


def judged(training, evaluation=None, **thresholds):
    beside = [evaluation] if evaluation else []
    trace = Trace(inputs={"training": [training], "evaluation": beside, "epochs": [0]})
    return just_before_the_net(trace, **thresholds)


RAW = part(0.0, 255.0, whole=True)


@pytest.mark.parametrize("scaled", [part(0.0, 1.0), part(-1.0, 1.0), part(0.0, 0.9)])
def test_one_split_scaled_and_the_other_not_fails(scaled):
    for pair in ((RAW, scaled), (scaled, RAW)):
        result = judged(*pair)
        assert result.status is Status.FAIL
        assert result.where == "x"


@pytest.mark.parametrize(
    ("training", "evaluation"),
    [
        (RAW, part(0.0, 250.0, whole=True)),
        (part(-3.0, 3.0), part(-2.6, 3.4)),
        (part(0.0, 1.0, whole=True), part(0.0, 1.0, whole=True)),  # binary pixels
        (part(0.0, 1.0), part(0.0, 1.2)),  # brightness augmentation
        (part(0.0, 9000.0, whole=True), part(0.0, 8000.0, whole=True)),  # token numbers
        (part(2.0, 2.0), part(2.0, 2.0)),
    ],
)
def test_healthy_splits_pass(training, evaluation):
    assert judged(training, evaluation).status is Status.PASS


def test_small_whole_numbers_beside_fractions_are_no_proof():
    """One-hot rows in a split, soft ones (label smoothing, mixing) in the other."""
    result = judged(part(0.0, 1.0, whole=True), part(0.0, 0.9))
    assert result.status is not Status.FAIL


def test_another_scale_warns():
    assert judged(part(-3.0, 3.0), part(-300.0, 300.0)).status is Status.WARN
    assert judged(part(-3.0, 3.0), part(97.0, 103.0)).status is Status.WARN


def test_another_type_warns():
    assert judged(part(0.0, 1.0), part(0.0, 1.0, dtype="float64")).status is Status.WARN


def test_without_an_evaluation_the_facts_are_shown():
    result = judged(RAW)
    assert result.status is Status.PASS
    assert "255" in result.message


@pytest.mark.parametrize(("apart", "status"), [(1.5, Status.WARN), (2.5, Status.PASS)])
def test_the_threshold_decides(apart, status):
    assert judged(part(-1.0, 1.0), part(-2.0, 2.0), apart=apart).status is status


def test_without_a_visualizer_it_does_not_apply():
    with pytest.raises(NotApplicable, match="InputVisualizer"):
        just_before_the_net(Trace())
