"""Pipelines slower than the step, and those that keep up."""

import pytest
from traces import trace

from keras_recipe.checks.overfit.kr320_data_starved import data_starved
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def timed(waited, computed, epoch=0, delayed=0.0):
    return {
        "epoch": epoch, "waited": waited, "computed": computed, "delayed": delayed, "steps": 8,
    }  # fmt: skip


def test_waiting_for_most_of_the_step_is_a_warning():
    result = data_starved(trace(1.0, 0.5, waiting=[timed(0.03, 0.01)]))
    assert result.status is Status.WARN
    assert result.measured == pytest.approx(0.75)
    assert "30 ms" in result.message
    assert "10 ms" in result.message
    assert "epoch 1" in result.where


@pytest.mark.parametrize(
    "waiting",
    [
        [timed(0.001, 0.01)],
        [timed(0.0025, 0.0001)],  # Keras's own loop between two tiny steps
        [timed(0.05, 0.01), timed(0.0001, 0.01, epoch=1)],  # a cache that was filled at first
    ],
)
def test_a_pipeline_that_keeps_up_passes(waiting):
    assert data_starved(trace(1.0, 0.5, waiting=waiting)).status is Status.PASS


def test_the_thresholds_decide():
    made = trace(1.0, waiting=[timed(0.008, 0.012)])
    assert data_starved(made).status is Status.PASS
    assert data_starved(made, share=0.3).status is Status.WARN
    assert data_starved(made, share=0.3, least=0.01).status is Status.PASS


def test_a_busy_machine_does_not_make_a_tiny_step_starve():
    assert data_starved(trace(waiting=[timed(0.012, 0.002)])).status is Status.WARN
    result = data_starved(trace(waiting=[timed(0.012, 0.002, delayed=0.009)]))
    assert result.status is Status.PASS
    assert "delay each thread by 9 ms" in result.message
    slow = data_starved(trace(waiting=[timed(0.06, 0.006, delayed=0.009)]))
    assert slow.status is Status.WARN
    assert slow.measured == pytest.approx(51 / 57)


def test_traces_of_before_the_load_was_measured_are_judged():
    found = {k: v for k, v in timed(0.03, 0.01).items() if k != "delayed"}
    assert data_starved(trace(1.0, waiting=[found])).status is Status.WARN


def test_what_was_not_timed_is_not_judged():
    with pytest.raises(NotApplicable, match="TensorFlow"):
        data_starved(trace(1.0, 0.5))
