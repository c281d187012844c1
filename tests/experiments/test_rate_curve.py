"""What a curve of losses says of rates, and what it does not."""

import json
import math

import numpy as np
import pytest

from keras_recipe.experiments.rate_curve import LearningRateCurve, kept

RATES = np.geomspace(1e-7, 10, 100)


def curve(losses, in_use=1e-3, steps=100):
    average, smoothed, keep = 0.0, [], kept(steps)
    for index, loss in enumerate(losses):
        if math.isfinite(loss):
            average = keep * average + (1 - keep) * loss
            smoothed.append(average / (1 - keep ** (index + 1)))
    rates = RATES[: len(losses)].tolist()
    return LearningRateCurve(
        rates=rates, losses=list(losses), smoothed=smoothed, in_use=in_use, steps=steps
    )


def falling(noise=0.02):
    """A loss that falls around a rate of 0.01 and leaves at 1."""
    logs = np.log10(RATES)
    losses = 2 - 1.5 / (1 + np.exp(-4 * (logs + 2))) + np.exp(3 * logs)
    return (losses + noise * np.random.default_rng(0).normal(size=100))[:93].tolist()


def test_the_rates_are_read_off_the_curve():
    found = curve(falling())
    assert found.diverged
    assert 0.003 < found.steepest < 0.05
    assert 0.01 < found.largest < 0.1
    assert found.suggestion == found.largest
    assert f"{found.suggestion:.3g} is suggested, 0.001 in use" in str(found)


@pytest.mark.parametrize(
    "losses",
    [
        np.ones(100),
        1 + np.random.default_rng(1).normal(size=100),
        np.linspace(0.1, 3, 100) + 0.05 * np.random.default_rng(2).normal(size=100),
        [2.0, 1.0, math.nan],
    ],
)
def test_where_nothing_falls_no_rate_is_named(losses):
    found = curve(losses)
    assert (found.steepest, found.largest, found.suggestion) == (None, None, None)
    assert "by more than chance" in str(found)


def test_noise_alone_hardly_ever_names_a_rate():
    random = np.random.default_rng(3)
    named = [curve(random.normal(size=100)).suggestion is not None for _ in range(300)]
    assert sum(named) <= 3


def test_the_picture_marks_the_rate_in_use_and_the_suggested_one():
    marks = curve(falling(), in_use=0.5).picture()["marks"]
    assert list(marks.values()) == [0.5, pytest.approx(curve(falling()).suggestion)]
    same = curve(falling(), in_use=curve(falling()).suggestion).picture()
    assert len(same["marks"]) == 1
    assert not curve(np.ones(100), in_use=-1.0).picture()["marks"]


@pytest.mark.parametrize("losses", [falling(), np.ones(100).tolist(), [2.0, math.inf]])
def test_it_can_be_drawn_shown_and_stored(losses, tmp_path):
    found = curve(losses)
    image = found.plot(tmp_path / "curve.png")
    assert image.startswith(b"\x89PNG")
    assert (tmp_path / "curve.png").read_bytes() == image
    assert "data:image/png;base64," in found._repr_html_()
    data = json.loads(json.dumps(found.to_dict()))
    assert data["in_use"] == 1e-3
    assert data["suggestion"] == found.suggestion
    assert len(data["losses"]) == len(losses)


def test_a_first_loss_that_is_no_number_can_be_drawn_too():
    assert curve([math.nan]).plot().startswith(b"\x89PNG")
