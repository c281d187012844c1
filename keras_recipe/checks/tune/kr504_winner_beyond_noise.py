from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.experiments.noise import Gain
from keras_recipe.experiments.searched import Searched


def _text(gain: Gain) -> str:
    if gain.unit.startswith("share of the "):
        of = gain.unit.removeprefix("share of ")
        return f"{gain.mean:.1%} of {of} ({gain.low:.1%} to {gain.high:.1%})"
    return f"{gain.mean:.3g} of {gain.unit} ({gain.low:.3g} to {gain.high:.3g})"


@check("KR504", cost="experiment")
def winner_beyond_noise(search: Searched) -> Result:
    """Trained again with several seeds, the winner is better than what the search began with.

    Why:
        The best of many trials is the best partly by luck: its validation score chose it. Only
        fresh trainings, paired by seed, say whether its setting is better, by what was searched
        for: the objective, whether less or more of it is better.
    Fix:
        Keep the defaults, or the simplest of the settings that cannot be told apart; search
        with more rows held out, or more trials.
    Tune:
        Nothing: the interval is Student's at 95 %, of differences paired by seed. That the
        winner cannot be told from the runner-up is no fault, and said.
    Source:
        Karpathy 2019, stage 5; Cawley and Talbot 2010 on the optimism of a selected model.
    """
    again = search.retrained
    if again is None or again.over_start is None:
        reason = "" if again is None else again.reason
        msg = reason or "the winner was not trained again beside the start"
        raise NotApplicable(msg)
    start, rival = again.over_start, again.over_runner_up
    told = f"over the start the winner gains {_text(start)}"
    if rival is not None:
        apart = "beyond" if rival.beyond else "within"
        told += f"; over the runner-up {_text(rival)}, {apart} the noise"
    seeds = len(again.losses["winner"])
    fields: dict[str, Any] = {
        "measured": start.mean,
        "unit": start.unit,
        "evidence": {**again.to_dict(), "seeds": seeds},
    }
    message = f"{told}; {seeds} seeds"
    if not start.beyond:
        return warned(
            f"{message}: no better than the start beyond noise",
            cause="The winner's score is luck of the seed and of the validation rows.",
            fix=Fix(text="Keep the start, or search with more trials and more held-out rows."),
            **fields,
        )
    return passed(message, **fields)
