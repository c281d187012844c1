"""Records of searches that were never run, for the checks that judge them."""

from keras_recipe.experiments.search_axes import Axis
from keras_recipe.experiments.search_trial import SearchTrial
from keras_recipe.experiments.searched import Searched

RATE = Axis(name="learning_rate", kind="number", low=1e-4, high=1e-1, log=True)
UNITS = Axis(name="units", kind="number", low=4, high=64, step=4)


def trial(place, score, **values):
    """One finished trial."""
    return SearchTrial(key=f"{place:02d}", hyperparameters=values, seed=place, score=score)


def record(trials, axes=(RATE, UNITS), method="random", **fields):
    """A search with these trials."""
    return Searched(
        method=method, objective="val_loss", direction="min", axes=axes, trials=tuple(trials),
        **fields,
    )  # fmt: skip


def valley(count=12, best=3e-3, units=32):
    """Trials over the learning rate whose scores have their best within the range."""
    rates = [1e-4 * 1000 ** (place / (count - 1)) for place in range(count)]
    return [
        trial(i, abs(rate / best - 1) + 1, learning_rate=rate, units=units - 4 * (i % 5))
        for i, rate in enumerate(rates)
    ]
