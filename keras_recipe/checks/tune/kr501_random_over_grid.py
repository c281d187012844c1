from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.searched import Searched

LEAST_AXES = 2  # on one axis a grid tries as many values as a random search


@check("KR501", cost="experiment")
def random_over_grid(search: Searched) -> Result:
    """The trials are not a grid: each tried a value of its own on every axis that matters.

    Why:
        Networks are sensitive to few of their hyperparameters. A grid of 25 trials over two
        axes tries 5 values of the one that matters, a random search 25.
    Fix:
        Search at random, or by Bayesian optimisation, over the same ranges.
    Tune:
        Nothing: it WARNs of a grid over two axes or more, whatever came of it.
    Source:
        Karpathy 2019, stage 5, "random over grid search"; Bergstra and Bengio 2012.
    """
    values: dict[str, Any] = {
        axis.name: len({str(t.hyperparameters.get(axis.name)) for t in search.trials})
        for axis in search.axes
    }
    told = ", ".join(f"{name} {count}" for name, count in values.items())
    fields: dict[str, Any] = {
        "measured": float(min(values.values(), default=0)),
        "unit": "distinct values on an axis",
        "evidence": {"distinct values": values, "trials": len(search.trials)},
        "pictures": search.weights(),
    }
    message = f"{len(search.trials)} trials tried distinct values: {told}"
    if search.method == "grid" and len(search.axes) >= LEAST_AXES:
        return warned(
            f"a grid: {message}",
            cause="A grid repeats the few values of the axis that matters.",
            fix=Fix(
                text="Search the same space at random.",
                code='recipe.tune(method="random", ...)',
            ),
            **fields,
        )
    return passed(message, **fields)
