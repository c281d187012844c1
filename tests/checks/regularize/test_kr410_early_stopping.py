"""The best epoch against the noise of the metric."""

import numpy as np
import pytest

from keras_recipe.callbacks.trace import Trace
from keras_recipe.checks.regularize.kr410_early_stopping import early_stopping
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status

OVERFITTED = [1.0, 0.7, 0.5, 0.45, 0.5, 0.56, 0.61, 0.68, 0.75]
SETTLED = [1.0, 0.7, 0.5, 0.45, 0.44, 0.43, 0.43, 0.43, 0.43]


def logged(values, name="val_loss"):
    return Trace(epochs=[{"loss": 1.0, name: value} for value in values])


def stopped(values, **fields):
    known = {"monitor": "val_loss", "patience": 3, "values": values, "smaller_is_better": True}
    return Trace(stopping={**known, **fields})


def test_a_training_past_its_best_epoch_warns():
    result = early_stopping(logged(OVERFITTED))
    assert result.status is Status.WARN
    assert result.where == "epoch 4"
    assert result.pictures[0]["marks"] == {"best": 3}


def test_restored_weights_pass():
    result = early_stopping(stopped(OVERFITTED, restored=True))
    assert result.status is Status.PASS
    assert "restored" in result.message


@pytest.mark.parametrize("values", [SETTLED, [*SETTLED, 0.435]])
def test_a_training_that_ends_at_its_best_passes(values):
    assert early_stopping(logged(values)).status is Status.PASS


def test_noise_is_no_overfitting():
    noise = np.random.default_rng(0).normal(0.5, 0.05, 30)
    assert early_stopping(logged(noise.tolist())).status is Status.PASS


def test_a_metric_may_grow():
    rising = [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.9]
    better = stopped(rising, monitor="val_accuracy", smaller_is_better=False)
    assert early_stopping(better).status is Status.PASS
    falling = stopped(rising[::-1], monitor="val_accuracy", smaller_is_better=False)
    assert early_stopping(falling).status is Status.WARN


def test_the_training_loss_is_no_judge():
    result = early_stopping(stopped(SETTLED, monitor="loss"))
    assert result.status is Status.WARN
    assert "trained on" in result.message


@pytest.mark.parametrize(("share", "status"), [(0.6, Status.WARN), (0.7, Status.PASS)])
def test_the_threshold_decides(share, status):
    assert early_stopping(logged(OVERFITTED), share=share).status is status


@pytest.mark.parametrize("trace", [Trace(), logged([1.0, 0.5]), logged([float("nan")] * 9)])
def test_too_little_says_nothing(trace):
    with pytest.raises(NotApplicable):
        early_stopping(trace)


def test_the_last_digits_of_what_was_gained_are_no_overfitting():
    nearly = [0.7, 0.1, 2e-6, *(3e-7 + 1e-7 * step for step in range(12)), 3e-6]
    assert early_stopping(logged(nearly)).status is Status.PASS
    assert early_stopping(logged(nearly), trifle=0.0).status is Status.WARN
