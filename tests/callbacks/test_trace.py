"""A trace is plain data both ways."""

import json
import math

import pytest

from keras_recipe.callbacks.trace import Trace


def norms(gradient, weight, update):
    ratio = update / weight
    return {
        "gradient_norm": gradient,
        "weight_norm": weight,
        "update_norm": update,
        "update_ratio": ratio,
        "last": {},
    }


def test_json_round_trip_keeps_nan_and_infinity():
    trace = Trace(
        epochs=[{"loss": 1.0}, {"loss": math.inf}],
        weights=[{"dense/kernel": norms(3.0, 4.0, 0.5)}],
        first_bad={"step": 7, "weights": ["dense/kernel"]},
        tail=[1.0, math.inf],
        notes=["said"],
    )
    text = json.dumps(trace.to_dict(), allow_nan=False)
    assert Trace.from_dict(json.loads(text)) == trace


def test_unknown_fields_of_a_newer_file_are_left_out():
    assert Trace.from_dict({**Trace().to_dict(), "later": 1}) == Trace()


def test_a_series_skips_epochs_without_it():
    trace = Trace(epochs=[{"loss": 2.0}, {"loss": 1.0, "val_loss": 3.0}])
    assert trace.series("val_loss") == [3.0]


def test_layers_are_roots_of_sums_of_squares():
    trace = Trace(
        weights=[{"dense/kernel": norms(3.0, 6.0, 0.3), "dense/bias": norms(4.0, 8.0, 0.4)}]
    )
    found = trace.layers[0]["dense"]
    assert found["gradient_norm"] == pytest.approx(5.0)
    assert found["weight_norm"] == pytest.approx(10.0)
    assert found["update_ratio"] == pytest.approx(0.05)


def test_a_gradient_that_does_not_exist_counts_as_zero_in_its_layer():
    weights = {"a/kernel": {**norms(1.0, 2.0, 0.0), "gradient_norm": None}}
    assert Trace(weights=[weights]).layers[0]["a"]["gradient_norm"] == 0.0


@pytest.mark.parametrize(("steps", "total"), [([3, 4], 7), ([3, None], None), ([], None)])
def test_steps_are_known_only_if_every_epoch_knows_them(steps, total):
    assert Trace(epochs=[{}, {}], steps=steps).total_steps == total
