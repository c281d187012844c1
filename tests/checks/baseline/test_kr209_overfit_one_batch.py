import keras
import numpy as np
import pytest
import sick
from healthy import ADAM, BUILDERS, some_digits
from specimens import classifier, examine

from keras_recipe.checks.baseline.kr209_overfit_one_batch import overfit_one_batch
from keras_recipe.core.errors import NotApplicable


def verdict(program, thresholds=None):
    model, x, y, settings = program
    return examine(overfit_one_batch, model, x, y, thresholds, **settings)


@pytest.mark.parametrize("make", [sick.tiny_rate, sick.dead_relus])
def test_what_cannot_learn_fails(make):
    result = verdict(make())
    assert result.status == "fail"
    assert result.evidence["explained"] < 0.5


@pytest.mark.parametrize("name", ["logits", "linear_regression", "batch_norm_images", "counts"])
def test_healthy_programs_pass(name):
    assert verdict(BUILDERS[name]()).status == "pass"


def test_a_rate_that_diverges_fails():
    model = classifier(optimizer=keras.optimizers.SGD(1e4))
    assert verdict((model, *some_digits(), {"epochs": 20})).status == "fail"


def pixels_to_sixteen(rate):
    """Digits as they come, 0 to 16: some probabilities start where the loss has no slope."""
    model, random = classifier(optimizer=keras.optimizers.SGD(rate)), np.random.RandomState(0)
    for kernel in model.trainable_variables[::2]:
        kernel.assign(random.uniform(-1, 1, kernel.shape) * np.sqrt(6 / sum(kernel.shape)))
    x, y = some_digits()
    return model, 16 * x, y, {"epochs": 20, "batch_size": 32}


def test_examples_stuck_on_their_own_are_no_failure_where_the_planned_batches_teach():
    result = verdict(pixels_to_sixteen(0.02))
    assert result.status in ("warn", "pass")  # a backend that finds the logits is never stuck
    assert result.status == "pass" or result.evidence["own_batches"] > 0.5
    assert verdict(pixels_to_sixteen(100.0)).status == "fail"


def test_the_picture_names_classes_and_which_are_wrong():
    examples = verdict(BUILDERS["softmax_regression"]()).pictures[0]
    assert examples["kind"] == "examples"
    assert set(examples["labels"]) <= {str(c) for c in range(10)}
    assert examples["wrong"] == [
        a != b for a, b in zip(examples["labels"], examples["predictions"], strict=True)
    ]


def test_a_rate_that_still_warms_up_is_skipped():
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 10**6, warmup_target=1e-3, warmup_steps=10**5
    )
    with pytest.raises(NotApplicable, match="warming up"):
        verdict((classifier(optimizer=ADAM(rate)), *some_digits(), {"epochs": 10**5}))


def test_without_time_it_never_fails():
    assert verdict(sick.tiny_rate(), {"seconds": 0.0}).status == "pass"
