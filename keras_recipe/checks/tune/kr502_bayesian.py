from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, passed
from keras_recipe.experiments.searched import Searched

#: Methods that fit a model to the trials: Optuna's Parzen estimator, Gaussian process and
#: covariance do as KerasTuner's Gaussian process does.
_FITTED = ("bayesian", "optuna", "optuna:tpe", "optuna:gp", "optuna:cmaes")


@check("KR502", cost="experiment")
def bayesian(search: Searched, *, least_trials: int = 10) -> Result:
    """A Bayesian search found its best after its random beginning.

    Why:
        Bayesian optimisation fits a model to the trials and tries where it expects most. It
        says here whether that did more than the random trials it begins with; where it did
        not, the space is flat, or there were too few trials for the model.
    Fix:
        Nothing is wrong: with few trials or many axes a random search is as good.
    Tune:
        least_trials: finished trials below which nothing is said. KerasTuner begins with three
            random trials for each axis at least.
    Source:
        Karpathy 2019, stage 5, "hyper-parameter optimization"; Snoek et al. 2012.
    """
    if search.method not in _FITTED:
        msg = f"the search was {search.method}, not Bayesian"
        raise NotApplicable(msg)
    scores = [trial.score for trial in search.trials if trial.score is not None]
    if len(scores) < least_trials:
        msg = f"{len(scores)} finished trials tell nothing; {least_trials} would"
        raise NotApplicable(msg)
    sign = 1.0 if search.direction == "min" else -1.0
    running = sign * np.minimum.accumulate(sign * np.array(scores, "float64"))
    half = len(scores) // 2
    place = int(np.argmax(running == running[-1]))
    said = "later trials improved it" if place >= half else "no later trial improved it"
    first = f"{running[half - 1]:.4g} after {half} trials"
    pictures: list[dict[str, Any]] = [
        {
            "kind": "curves",
            "title": f"Best {search.objective} so far",
            "series": {"best so far": running.tolist(), "trial": scores},
            "xlabel": "finished trials",
            "ylabel": search.objective,
        }
    ]
    return passed(
        f"{search.objective} {first}, {running[-1]:.4g} after {len(scores)}: {said}",
        measured=float(running[-1]),
        unit=search.objective,
        evidence={"best so far": running.tolist()},
        pictures=pictures,
    )
