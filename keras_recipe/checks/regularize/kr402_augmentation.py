from collections.abc import Mapping
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Result, passed
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.contents import Contents
from keras_recipe.experiments.augmentation_verdicts import (
    confused,
    is_class,
    moved_away,
    thrown_out,
)
from keras_recipe.experiments.augmented import augmented, labels_of, share_beyond
from keras_recipe.experiments.climbed_rows import family_row
from keras_recipe.experiments.kept_labels import FEWEST, confusions
from keras_recipe.fit_settings import FitSettings
from keras_recipe.task import Head, Task

_SEVERITY = ("pass", "warn", "fail")


def _head(task: Task, sample: Batch) -> Head:
    """Return the only output, if it names one class a row, or amounts."""
    head = task.heads[0]
    known = is_class(head) or head.kind in ("regression", "multilabel")
    if len(task.heads) > 1 or not known or len(leaves(sample.x)) != 1:
        msg = "only one class or amounts, of one input, can be followed through augmentation"
        raise NotApplicable(msg)
    if len(sample) < 4 * FEWEST or head.target is None:
        msg = f"{len(sample)} rows are too few to tell classes apart"
        raise NotApplicable(msg)
    return head


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
    outside: float = 0.1,
    most_steps: int = 300,
    least: float = 0.3,
    ratio: float = 0.7,
    seconds: float = 15.0,
) -> Result:
    """Augmented rows keep their label and look like rows that could have been met.

    Why:
        A mirrored arrow points the other way, a 6 on its head is a 9, a sweep played backwards
        falls where it rose. Augmentation that makes of one class another teaches both labels
        for the same thing. A brightness meant for 0 to 255 turns pixels of 0 to 1 black or
        white: nothing is left to learn from.
    Fix:
        Leave it out, change the label along with the input, or tell the layer the range.
    Tune:
        strength: Share of the labels that a simple model must tell on plain rows it had not
            seen; below it nothing is said.
        outside: Share of augmented numbers further outside the range of the plain ones than
            that range is wide, from which on it is tried what training without them gives;
            Keras's layers, told the right range, leave none there.
        most_steps: Most steps of each training with and without augmentation.
        least: Share of the confused classes that must be told without it for a FAIL.
        ratio: Share of that under which the training with it must stay for a FAIL.
        seconds: Time after which no further training is started; then it cannot FAIL.
    Source:
        Karpathy 2019, stage 4, "data augment". Two proofs are asked for. A simple model of the
        plain rows takes augmented rows of one class for another, and a second one can't tell
        these from true rows of the other (under 3 deviations; rotated, moved, cropped or noisy
        digits and shapes, which only look strange, were told apart by 5.3 to 17 in 100
        trials); or, of amounts, it explains plain rows and not the same augmented. And the
        same weights trained on the same rows without the augmentation tell the classes or
        amounts, with it not, in two orders of the rows. After `Recipe.regularize` it says
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
    limits |= {"least": least, "ratio": ratio}
    results = []
    for one in ways:
        far = share_beyond(one)
        if not is_class(head):
            results.append(moved_away(one, model, task, fit, limits))
            continue
        if far >= outside:
            results.append(thrown_out(one, far, model, head, fit, limits))
            continue
        y = labels_of(one.rows, head)
        found = confusions(one.plain, one.changed, y, seed, strength=strength)
        if found:
            results.append(confused(one, found, model, head, fit, limits))
        else:
            results.append(passed(f"{one.text}: no class is made another", where=one.where))
    return max(results, key=lambda r: _SEVERITY.index(str(r.status)))
