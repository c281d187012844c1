from collections.abc import Mapping
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents
from keras_recipe.experiments.augmented import (
    Augmented,
    augmentation_contest,
    augmented,
    labels_of,
)
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.kept_labels import FEWEST, Confusion, confusions
from keras_recipe.subject import FitSettings
from keras_recipe.task import Head, Task

_SEVERITY = ("pass", "warn", "fail")


def _head(task: Task, sample: Batch) -> Head:
    """Return the only output, if it names one class a row."""
    head = task.heads[0]
    classes = head.kind in ("binary", "multiclass") and head.structure == "sample"
    if len(task.heads) > 1 or not classes or len(leaves(sample.x)) != 1:
        msg = "only one class a row, of one input, can be followed through augmentation"
        raise NotApplicable(msg)
    if len(sample) < 4 * FEWEST or head.target is None:
        msg = f"{len(sample)} rows are too few to tell classes apart"
        raise NotApplicable(msg)
    return head


def _judged(
    one: Augmented,
    found: list[Confusion],
    model: Any,
    head: Head,
    fit: FitSettings,
    limits: dict[str, Any],
) -> Result:
    """Judge augmented rows that can't be told from plain rows of another class."""
    worst = found[0]
    text = (
        f"{one.text}: {worst.share:.0%} of the augmented rows of class {worst.own} are taken "
        f"for class {worst.other} ({worst.plain:.0%} without augmentation) and can't be told "
        f"from true ones ({worst.apart:.1f} deviations on {2 * worst.rows} rows; "
        f"{worst.before:.1f} for plain rows of the two)"
    )
    fields: dict[str, Any] = {
        "measured": worst.share,
        "expected": worst.plain,
        "unit": "share of a class's rows taken for another class",
        "where": one.where,
        "cause": "The augmentation makes of one class another, and keeps the label.",
        "evidence": {"confusions": [[c.own, c.other, c.share, c.plain] for c in found]},
    }
    fix = Fix(
        text="Leave this augmentation out, or change the label along with the input.",
        code="y = mapping[y]  # of the augmented rows",
    )
    classes = sorted({number for c in found for number in (c.own, c.other)})
    try:
        race = augmentation_contest(model, head, fit, one, classes, **limits)
    except NotApplicable as reason:
        return warned(f"{text}; not tried: {reason}", fix=fix, **fields)
    if race is None:
        return warned(f"{text}; a comparison would take too long", fix=fix, **fields)
    before, after = race.reached
    tried = {"before": before, "after": after, "unit": "share of the classes told"}
    fix = Fix(text=fix.text, code=fix.code, tried={**tried, "steps": race.steps[-1]})
    text = f"{text}; of these classes the net tells {before:.0%}, and {after:.0%} without it"
    if race.harmed(least=limits["least"], ratio=limits["ratio"]):
        return failed(text, fix=fix, **fields)
    return warned(text, fix=fix, **fields)


@check("KR402", cost="train", requires=("KR101", "KR102", "KR202", "KR203"))
def augmentation(
    model: Any,
    sample: Batch,
    contents: Mapping[str, Contents],
    task: Task,
    fit: FitSettings,
    seed: int,
    if_climbed: Any = (),
    *,
    strength: float = 0.3,
    most_steps: int = 300,
    least: float = 0.3,
    ratio: float = 0.7,
    seconds: float = 15.0,
) -> Result:
    """Augmented rows keep their label.

    Why:
        A mirrored arrow points the other way, a 6 on its head is a 9, a sweep played backwards
        falls where it rose. Augmentation that makes of one class another teaches both labels
        for the same thing.
    Fix:
        Leave it out, or change the label along with the input.
    Tune:
        strength: Share of the labels that a simple model must tell on plain rows it had not
            seen; below it nothing is said.
        most_steps: Most steps of each training with and without augmentation.
        least: Share of the confused classes that must be told without it for a FAIL.
        ratio: Share of that under which the training with it must stay for a FAIL.
        seconds: Time after which no further training is started; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 4, "data augment". Two proofs are asked for. A simple model of the
        plain rows takes augmented rows of one class for another, and a second one can't tell
        these from true rows of the other (under 3 deviations; rotated, moved, cropped or noisy
        digits and shapes, which only look strange, were told apart by 5.3 to 17 in 100
        trials). And the same weights trained on the same rows without the augmentation tell
        the classes, with it not, in two orders of the rows. After `Recipe.regularize` it says
        what each way gained on and off.
    """
    if if_climbed:
        return family_row(if_climbed, "augmentation")
    head = _head(task, sample)
    ways = list(augmented(model, sample, contents.get("training")))
    if not ways:
        msg = "nothing augments the rows that a layer or a turned copy could tell of"
        raise NotApplicable(msg)
    limits = {"most_steps": most_steps, "seed": seed, "seconds": seconds}
    results = []
    for one in ways:
        y = labels_of(one.rows, head)
        found = confusions(one.plain, one.changed, y, seed, strength=strength)
        if found:
            limits |= {"least": least, "ratio": ratio}
            results.append(_judged(one, found, model, head, fit, limits))
        else:
            results.append(passed(f"{one.text}: no class is made another", where=one.where))
    return max(results, key=lambda r: _SEVERITY.index(str(r.status)))
