from collections.abc import Mapping
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.duel import LEAST_ROWS, LIMITS, Duel, duels, lost
from keras_recipe.experiments.simple_models import NAMES
from keras_recipe.experiments.standing import Standing
from keras_recipe.experiments.trial import has_own_step
from keras_recipe.task import Task

_ERRORS = {"classes": "share of wrong answers", "labels": "share of wrong labels"}


def _told(duel: Duel, kind: str, split: str, standing: Standing) -> str:
    return (
        f"{NAMES[kind, duel.net.form]} {standing.rival:.3g}, the net {standing.net:.3g}, the "
        f"best constant {standing.constant:.3g} "
        f"({_ERRORS.get(duel.net.form, 'loss')}, {duel.rows(split)} {split} rows)"
    )


@check("KR207", cost="train", requires=("KR101", "KR203"))
def simple_baselines(
    model: Any,
    samples: Mapping[str, Batch],
    task: Task,
    trained: bool,  # noqa: FBT001  a need, not an option
    seed: int,
    *,
    closes: float = LIMITS["closes"],
    errors: float = LIMITS["errors"],
    strength: float = LIMITS["strength"],
    least_rows: int = LEAST_ROWS,
) -> Result:
    """The trained net is not far behind a linear model or the nearest neighbours.

    Why:
        A baseline that takes a second to fit is what a net has to beat. One that clearly loses
        to it did not learn what is there, whatever its loss curve looks like.
    Fix:
        Look at the other findings first (rate, scale, head and loss, dead units); where there
        is none, train longer.
    Tune:
        closes: Share of the way from the best constant to the baseline that the net has gone.
            On 60 healthy programs every trained net had gone at least 0.79.
        errors: Standard errors, of paired rows, that are beyond noise.
        strength: Share of the best constant's error that a baseline must do without to count.
        least_rows: Distinct rows without which nothing is said.
    Source:
        Karpathy 2019, stage 2, "dumb baselines". It FAILs after training only, and only if the
        net loses on the validation rows and on its own training rows, where it has the
        advantage, in every sense of better: of all rows, of each class, as they are weighted.
    """
    limits = {"closes": closes, "errors": errors, "strength": strength}
    found = duels(model, task, samples, seed=seed, least_rows=int(least_rows))
    losses = [loss for duel in found if trained and (loss := lost(duel, **limits))]
    if not losses:
        lines = [
            _told(duel, kind, duel.splits[0], duel.standings(kind, duel.splits[0])[0])
            for duel in found
            for kind in duel.kinds
        ]
        return passed(("" if trained else "before training: ") + "; ".join(lines))
    loss = max(losses, key=lambda one: one.proved)
    proved = loss.proved and len(losses) == len(found) and not has_own_step(model)
    verdict = failed if proved and (loss.head.loss.builtin or loss.head.metrics) else warned
    duel = next(one for one in found if one.head is loss.head)
    return verdict(
        f"the trained net loses to a simple baseline: "
        f"{_told(duel, loss.kind, loss.split, loss.standing)}",
        measured=loss.standing.net,
        expected=loss.standing.rival,
        unit="loss" if duel.net.form == "numbers" else "share of wrong answers",
        where=f"output {loss.head.name}",
        cause="The net did not learn what is there; another finding may say why."
        if loss.proved
        else "It knows its training rows better than these: it overfits, or they differ.",
        fix=Fix(
            text="Mend the other findings; where there is none, train longer.",
            code="model.fit(x, y, epochs=10 * epochs)",
        ),
        evidence={
            "closed": loss.standing.closed,
            "standard_errors": loss.standing.lead,
            "on_training_rows": loss.proved,
        },
    )
