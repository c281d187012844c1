"""Records of the last stage, for the tests of the checks that read them."""

from keras_recipe.experiments.held_out import HeldOutGain
from keras_recipe.experiments.squeezing import Averaged, Candidate, Longer, Squeezing, Taught


def gain(low, high, before=1.0):
    """A gain whose interval is known."""
    return HeldOutGain(
        before=before, after=before - (low + high) / 2, interval=(low, high), rows=100
    )


HELPS, NOISE, HARMS = gain(0.1, 0.3), gain(-0.1, 0.1), gain(-0.3, -0.1)


def averaged(crossed=HELPS, *, loss=0.8, weights=(0.5, 0.5, 0.0), notes=("", "", "")):
    """An ensemble of up to three."""
    return Averaged(
        candidates=tuple(
            Candidate(name=f"start, seed {k}", loss=1.0 + k / 10, weight=weight, note=note)
            for k, (weight, note) in enumerate(zip(weights, notes, strict=True))
        ),
        how="greedy",
        loss=loss,
        best=1.0,
        mean_of_all=0.9,
        crossed=crossed,
        crossed_mean=NOISE,
    )


def taught(on_single=HELPS, notes=()):
    """A student."""
    return Taught(on_single=on_single, on_ensemble=HARMS, notes=notes)


def longer(one=HELPS, curve=(1.0, 0.8, 0.9), best_at=1):
    """A training that went on."""
    return Longer(gain=one, curve=curve, best_at=best_at, seconds=3.0, steps=100)


def squeezing(**fields):
    """A record."""
    return Squeezing(**{"ensemble": averaged()} | fields)
