"""The best setting trained anew beside the start: as long as each is, by what was searched."""

import json

import keras
import pytest
from climbing import rows
from keras import layers

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.retraining import retrained
from keras_recipe.experiments.search_trial import SearchTrial

SEEDS = (0, 1, 2)
EPOCHS = 3  # of the start
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def hundredth(y, prediction):
    return LOGITS(y, prediction) / 100


class Loud(layers.Layer):
    """Multiplies, but not while training: far too sure of what it learned well."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def call(self, x, training=False):
        return x if training else self.scale * x


def fresh(units=16, scale=1.0, rate=1e-6, own=False, **_):
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(units, activation="relu"),
            layers.Dense(10),
            Loud(scale),
        ]
    )
    loss = hundredth if own else LOGITS
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def build(values):
    return lambda: fresh(**values)


def trial(epoch=3, **values):
    return SearchTrial(key="0", hyperparameters=values, seed=0, score=1.0, epoch=epoch)


LOUD = trial(scale=100.0, rate=0.01, batch_size=8)


def again(path, best=LOUD, told=None, make=build, data=None, **settings):
    return retrained(
        [best],
        make,
        data or (rows(), rows(96, 192)),
        32,
        EPOCHS,
        settings.pop("seeds", SEEDS),
        (lambda _: None) if told is None else told.append,
        path,
        **settings,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    path = tmp_path_factory.mktemp("again") / "retrained.jsonl"
    return path, again(path)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


def test_the_winner_is_trained_as_long_as_its_trial_and_the_start_as_planned(done):
    path, _ = done
    steps = [line["steps"] for line in lines(path)]
    assert steps == [4 * 12] * 3 + [EPOCHS * 3] * 3


def test_the_objective_decides_and_its_direction(done):
    path, by_loss = done
    told = []
    by_accuracy = again(path, told=told, objective="val_accuracy", direction="max")
    assert not told  # all were in the journal
    assert not by_loss.over_start.beyond
    assert by_loss.over_start.mean < 0
    found, curves = by_accuracy.over_start, [line["curves"] for line in lines(path)]
    last = [curve["val_accuracy"][-1] for curve in curves]
    assert list(by_accuracy.losses["winner"].values()) == pytest.approx(last[:3])
    assert list(by_accuracy.losses["start"].values()) == pytest.approx(last[3:])
    assert found.mean == pytest.approx((sum(last[:3]) - sum(last[3:])) / 3)
    assert found.beyond
    assert found.unit == "val_accuracy"
    assert by_accuracy.reason == ""
    assert again(path, objective="accuracy", direction="min").over_start.mean < 0


def test_what_was_not_logged_says_why_no_gain_is_stated(done):
    found = again(done[0], objective="val_quality", direction="max")
    assert found.over_start is None
    assert "`val_quality`" in found.reason
    assert found.losses == {}


def test_losses_of_another_form_are_not_compared(done):
    path, _ = done
    other = trial(own=True, epoch=0)  # a hundredth of the loss, and no better for it
    found = again(path, other, seeds=SEEDS[:2])
    assert found.over_start is None
    assert "another loss" in found.reason
    metric = again(path, other, seeds=SEEDS[:2], objective="val_accuracy", direction="max")
    assert metric.over_start is not None


def test_a_setting_that_fails_with_another_seed_is_no_end(tmp_path):
    built = []

    def broken(values):
        def make():
            built.append(values)
            if len(built) > 4:
                msg = "not this time"
                raise ValueError(msg)
            return fresh(**values)

        return make

    found = again(tmp_path / "some.jsonl", make=broken, seeds=SEEDS[:2])
    assert found.over_start is None
    assert "fewer than two" in found.reason


def test_the_journal_is_of_one_program_and_its_rows(done):
    path, _ = done
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"another run \(model differ"):
        again(path, make=lambda values: lambda: fresh(**{"units": 8, **values}))
    with pytest.raises(InputError, match=r"another run \(data differ"):
        again(path, data=(rows(1, 97), rows(96, 192)))
    assert path.read_bytes() == before
