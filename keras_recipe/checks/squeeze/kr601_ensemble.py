from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.experiments.noise import ROUNDING
from keras_recipe.experiments.squeezing import Squeezing


@check("KR601", cost="experiment")
def ensemble(squeezing: Squeezing) -> Result:
    """The average of several models is no worse than the best of them alone.

    Why:
        Models that start from other weights make other errors, and errors that differ cancel
        in the mean. It is the surest gain there is at the end: about 2 % in nearly any task.
    Fix:
        Take what greedy selection with replacement chose, or the best single model where that
        is better; train more seeds, or let the trials of a search take part.
    Tune:
        Nothing: the interval is the bootstrap's at 95 %, over held-out rows that the models
        were not chosen by.
    Source:
        Karpathy 2019, stage 6, "ensembles"; Caruana et al. 2004. It FAILs only where the
        ensemble's loss on the rows it was chosen on is above that of a single model: then the
        selection itself went wrong.
    """
    found = squeezing.ensemble
    sound = [one for one in found.candidates if not one.note]
    if len(sound) < 2:
        msg = "there is one trained model only: nothing to average"
        raise NotApplicable(msg)
    fields: dict[str, Any] = {
        "measured": found.crossed.gain,
        "unit": "loss",
        "evidence": squeezing.to_dict()["ensemble"],
    }
    if found.loss > found.best + ROUNDING * abs(found.best):
        return failed(
            f"the ensemble's validation loss is {found.loss:.4g}, and that of a single model "
            f"{found.best:.4g}",
            cause="What is averaged was not chosen on these rows, or not by this loss.",
            fix=Fix(text="Choose again, and keep the single model where it is better."),
            **fields,
        )
    if found.size == 1:
        text = f"of {len(sound)} models no average is better than the best alone; it stays so"
        return passed(text, **fields)
    text = f"{found.size} of {len(sound)} models together, against the best alone"
    if found.crossed.harms:
        return warned(
            f"{text}, on rows they were not chosen by: {found.crossed.text}",
            cause="So many models were chosen from by so few rows that luck decided.",
            fix=Fix(text="Take the best single model, or choose on more validation rows."),
            **fields,
        )
    return passed(f"{text}: {found.crossed.text}", **fields)
