from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.coincidence import are_tokens, chance_of_equal_rows, expected_share
from keras_recipe.data.contents import Contents, conflicts, copies
from keras_recipe.data.periods import period
from keras_recipe.experiments.turned import turned_labels
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Task


@check("KR103", cost="forward")
def duplicates(
    contents: Mapping[str, Contents],
    samples: Mapping[str, Batch],
    task: Task,
    fit: FitSettings,
    seed: int,
    *,
    floor: float = 0.1,
    share: float = 0.1,
    ratio: float = 10.0,
    least: int = 20,
    consistent: float = 0.7,
    rounds: int = 3,
) -> Result:
    """Rows that are copies of each other, or turned copies, are few and agree on the label.

    Why:
        Where the same input has several labels no net can be right on all of them: the loss has
        a floor that looks like bad training. A mirrored arrow under its old label is the same.
    Fix:
        Remove or merge the copies, keep one label for each; change the label where a mirrored
        or turned picture means something else, or do not turn such pictures.
    Tune:
        floor: Share of training rows that every function of the inputs must get wrong, from
            which on it FAILs (classes only: repeated measurements of an amount may differ).
        share: Share of rows with a copy from which on it WARNs.
        ratio: How many times as many copies as chance explains there must be; tables of few
            states repeat rows by nature. Independent tables of 2 to 14 bits stay below 5.
        least: Mirrored or turned copies (in the sample) from which on their labels are judged.
        consistent: Share of the held-out rows of one class that a simple model, right on as
            many of them before, must put into one other class after the turn to FAIL.
        rounds: How many times one batch must make up the whole data to FAIL, where there are
            more different rows for validation; a few rows repeated may be all there are.
    Source:
        Karpathy 2019, stage 1 (duplicates, conflicting labels) and stage 2, "visualize just
        before the net". Hashes of every row; turned copies by hashes of the sample's turns.
        Where rows were labelled anew, how often two labels of one input differ bounds the share
        of wrong ones (`Conflicts.wrong`); `wrong_labels` is the geometric middle of the bounds.
    """
    known, sample = contents["training"], samples["training"]
    own, bad = copies(known), conflicts(known)
    chance = expected_share(chance_of_equal_rows(leaves(sample.x)), known.rows)
    classes = all(
        h.kind in ("binary", "multiclass") and h.structure == "sample" for h in task.heads
    )
    fields: dict[str, Any] = {
        "measured": own.share,
        "expected": chance,
        "unit": "share of rows",
        "evidence": {
            "pairs": [list(pair) for pair in own.pairs],
            "conflicts": bad.groups,
            "conflicting": bad.share,
            "floor": bad.floor,
        },
    }
    every, held = period(known), contents.get("validation")
    if every == fit.batch_size and known.rows >= rounds * every and held is not None:
        others = len(np.unique(held.columns[0]))
        if others > every:
            return failed(
                f"every one of the {known.rows // every} batches holds the same {every} rows, "
                f"while there are {others} different ones for validation",
                where=f"rows 0 to {every - 1}",
                cause="What yields the batches does not move on: it ignores the number it is "
                "asked for, or starts again each time.",
                fix=Fix(
                    text="Yield the rows of the batch that is asked for.",
                    code="x[index * size : (index + 1) * size]",
                ),
                **fields,
            )
    between = ""
    if classes and bad.floor:
        low, high = bad.wrong
        fields["evidence"] |= {
            "wrong_labels": (low * high) ** 0.5,
            "wrong_between": [low, high],
        }
        between = (
            f"; two labels of one input differ {high:.1%} of the time: {low:.1%} to {high:.1%} "
            "of them are not their input's most frequent one"
        )
    if turned := turned_labels(known, samples, task, seed, least, consistent):
        return failed(
            turned.text,
            measured=turned.share,
            expected=1 - turned.share,
            unit="share of rows",
            where=f"class {turned.label:g}",
            cause="The augmentation changes what the picture means and keeps its label.",
            fix=Fix(
                text="Change the label with the picture, or leave this turn out.",
                code="y_turned = new_class[y]  # or drop the flip",
            ),
            evidence=turned.evidence,
        )
    said = f"{own.share:.1%} of {known.rows} training rows occur more than once"
    if own.share < ratio * chance or not own.count or are_tokens(leaves(sample.x)):
        labels = f"; {bad.floor:.1%} must be wrong under any model{between}" * bool(between)
        natural = f"{said}, as chance or the kind of data has it{labels}"
        return passed(natural if own.count else said, **fields)
    if classes and bad.floor >= floor:
        return failed(
            f"{said}, and {bad.share:.1%} have copies with another label: any model must be "
            f"wrong on {bad.floor:.1%} of the rows{between}",
            where=f"rows {bad.groups[0]}",
            cause="Rows were copied and labelled anew, or joined with the wrong labels.",
            fix=Fix(text="Keep one row and one label of each.", code="np.unique(x, axis=0)"),
            **fields,
        )
    if own.share >= share or (classes and bad.share >= share / 10):
        return warned(
            f"{said}; {bad.share:.1%} have copies with another label{between}",
            where=f"rows {list(own.pairs[0])}" if own.pairs else "",
            cause="Files were read twice, or a class was made larger by copies: these count "
            "several times, and fall on both sides of a split.",
            fix=Fix(text="Drop the copies before splitting.", code="np.unique(x, axis=0)"),
            **fields,
        )
    return passed(said, **fields)
