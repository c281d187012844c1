from collections.abc import Mapping
from functools import partial
from typing import Any

from keras_recipe.contract.cut_off import SHUFFLE, cut_amounts, cut_classes
from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.crossfit import CrossFit
from keras_recipe.data.order import Order, label_of_rows
from keras_recipe.data.refitting import with_settings
from keras_recipe.fit_settings import FitSettings
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Task


@check("KR111", cost="forward")
def order(
    orders: Mapping[str, Order],
    samples: Mapping[str, Batch],
    fit: FitSettings,
    task: Task,
    model: Any,
    crossfit: CrossFit,
    *,
    pure: float = 0.5,
    blocks: float = 2.0,
    apart: float = 0.3,
    least: int = 50,
    near: float = 0.15,
) -> Result:
    """The order in which rows are stored decides neither the batches nor the split.

    Why:
        A batch of one class teaches to say that class, the next batch unteaches it. And the
        last rows of a sorted file, taken for validation, are classes that training never sees.
    Fix:
        Shuffle inputs and labels with one permutation before splitting; leave `shuffle=True`.
    Tune:
        pure: Share of batches that hold a single class from which on an order is at fault.
        blocks: Runs of equal labels for each class up to which the order counts as sorted and
            FAILs; more blocks, as in a recording, WARN.
        apart: Distance of the class shares of sorted training rows and of the held-out rows
            (total variation) from which on the split was cut off sorted rows.
        least: Rows, and different values, from which on sorted amounts are judged; rows of
            each class for `near`.
        near: Way from sorted rows (0) to mixed ones (1), by the shares of the data in which
            90 % of each class lie, up to which rows are as good as sorted: of ten classes two
            or three share the batches.
    Source:
        Keras issues 597 and 6422 (validation_split takes the last rows before shuffling);
        Bengio 2012, "Practical recommendations", on shuffling. Datasets are judged in the order
        in which they yield; arrays only where `shuffle=False`. In a mixed order of two equal
        classes a batch of 8 is pure once in 128. Amounts beyond those of training FAIL where no
        time can explain it: the inputs are one number, or a table of up to 16 columns none of
        which runs along with the rows, while a simple model tells the target from them.
        Stateful models, which need an order, WARN.
    """
    mine = orders["training"]
    first = next((h for h in task.heads if h.target == 0), None)
    classes = first is not None and first.kind in ("binary", "multiclass")
    runs = (mine.labels or []) if classes and first and first.structure == "sample" else []
    held = {name: rows for name, rows in samples.items() if name != "training"}
    for split, rows in held.items():
        labels = label_of_rows(leaves(rows.y)[0]) if leaves(rows.y) else None
        found = None
        if runs and labels is not None:
            found = cut_classes(mine, labels, split, apart)
        elif not classes and leaves(rows.y):
            found = cut_amounts(mine, samples["training"], rows, split, least, crossfit)
        if found:
            return found
    if mine.y is None:
        msg = "the rows have no single label or target that could be sorted"
        raise NotApplicable(msg)
    unshuffled = mine.streamed or not fit.shuffle
    share, number = mine.pure_batches(fit.batch_size), len(mine.sizes)
    chance = mine.pure_by_chance(fit.batch_size)
    how = "in the order in which they come" if mine.streamed else "with shuffle=False"
    fields: dict[str, Any] = {"measured": share, "unit": "share of batches"}
    if runs and number > 1 and unshuffled and share >= pure > 3 * chance and len(runs) > 1:
        stateful = any(getattr(layer, "stateful", False) for _, layer in walk(model))
        is_sorted = len(runs) <= blocks * number
        say = failed if is_sorted and not stateful else warned
        return say(
            f"{share:.0%} of the batches of {fit.batch_size} rows hold a single class, {how}; "
            f"mixed rows would give {chance:.1%}",
            expected=chance,
            cause=f"The rows are stored in {len(runs)} blocks of {number} classes.",
            fix=Fix(
                text="Shuffle the rows.",
                code="dataset.shuffle(len(x))"
                if mine.streamed
                else "model.fit(x, y, shuffle=True)",
                data=None if mine.streamed else partial(with_settings, shuffle=True),
            ),
            **fields,
        )
    enough = 2 * fit.batch_size * number <= mine.y.rows and min(mine.sizes.values(), default=0)
    if runs and number > 1 and unshuffled and enough >= least and mine.mixing <= near:
        stateful = any(getattr(layer, "stateful", False) for _, layer in walk(model))
        say = warned if stateful else failed
        return say(
            f"{how}, the rows of a class lie close together: of the way from sorted (0%) to "
            f"mixed rows (100%) they went {mine.mixing:.0%}",
            cause="The rows are stored class by class, and shuffled too little.",
            fix=Fix(
                text="Shuffle over all rows, not over a small buffer of them.",
                code="dataset.shuffle(len(x))",
            ),
            **{**fields, "measured": mine.mixing, "expected": 1.0, "unit": "mixing"},
        )
    if not classes and unshuffled and mine.y.monotone and mine.y.rows >= least:
        return warned(
            f"the targets of {mine.y.rows} rows are sorted, {how}: each batch pulls the "
            "outputs its own way",
            cause="The rows are stored in the order of the target.",
            fix=SHUFFLE,
            **fields,
        )
    shuffled = "are shuffled by fit" if not unshuffled else f"come {how}, well mixed"
    if runs:
        return passed(
            f"{len(runs)} runs of {number} classes in storage; rows {shuffled}", **fields
        )
    return passed(f"rows {shuffled}", **fields)
