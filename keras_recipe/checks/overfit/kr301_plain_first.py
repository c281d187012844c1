from typing import Any

import keras
import numpy as np

from keras_recipe import starters
from keras_recipe.core.check import check
from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.core.result import Fix, Result, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.columns import is_table
from keras_recipe.surgery.families import families_of, flattens
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Head, Task


def _plain(model: Any, x: np.ndarray, head: Head) -> starters.Plain:
    """Return the plain first model for these inputs.

    Raises:
        NotApplicable: None is known.
    """
    tables = [one for _, one in walk(model) if isinstance(one, keras.layers.Embedding)]
    shape: tuple[int | None, ...] = tuple(x.shape[1:])
    vocabulary = tables[0].input_dim if tables and x.ndim == 2 else None
    if x.ndim == 3 and x.shape[2] == 1 and head.structure == "sample" and is_table(x[..., 0]):
        shape = shape[:1]
    try:
        return starters.plain_first(shape, head.structure, vocabulary=vocabulary)
    except InputError as reason:
        msg = f"no plain first model is known for such inputs: {reason}"
        raise NotApplicable(msg) from reason


def _other_family(model: Any, plain: starters.Plain, x: np.ndarray, head: Head) -> str:
    """Return in words why the net is of another family than fits its inputs; "" if it fits."""
    found = families_of(model, [head.output.layer])
    if "own" in found:
        return ""
    if plain.needs and found == {"dense"} and flattens(model):
        kind = {"series": "a series", "image": "a picture"}[plain.inputs]
        return f"dense layers over {kind} of shape {plain.shape} laid out in a row"
    strange = sorted(found & plain.strange)
    if strange and is_table(x.reshape(len(x), -1)):
        return f"{' and '.join(strange)} layers over the columns of a table"
    return ""


def _line(plain: starters.Plain, head: Head) -> str:
    settings = {
        "outputs": head.units if head.kind != "binary" else 1,
        "structure": plain.structure,
        "vocabulary": plain.vocabulary,
    }
    plainest = {"outputs": 1, "structure": "sample", "vocabulary": 0}
    told = [f"{k}={v!r}" for k, v in settings.items() if v != plainest[k]]
    return f"keras_recipe.starter({', '.join([repr(head.kind), repr(plain.shape), *told])})"


@check("KR301", cost="static")
def plain_first(model: Any, sample: Batch, task: Task, *, larger: float = 10.0) -> Result:
    """The model is of a family that fits its inputs, or not much larger than one that does.

    Why:
        The first model is for finding out that everything else is right. The plainest one
        known to do well on such inputs needs the fewest rows and steps for that; a large net
        of another family has to learn first what the plain one knows by construction.
    Fix:
        Start from `keras_recipe.starter(task, input_shape)`, and make the step to your own
        model later, one change at a time.
    Tune:
        larger: Times the weights of the plain first model from which on a net of another
            family WARNs; of 92 healthy programs of any family none has 7 times as many.
    Source:
        Karpathy 2019, stage 3, "don't be a hero". It never FAILs: that a large net of another
        family does worse cannot be read from its layers.
    """
    arrays = leaves(sample.x)
    if len(arrays) != 1 or len(task.heads) != 1 or arrays[0].dtype.kind not in "biuf":
        msg = "plain first models have one input of numbers and one output"
        raise NotApplicable(msg)
    head, x = task.heads[0], np.asarray(arrays[0])
    plain = _plain(model, x, head)
    weights, expected = model.count_params(), plain.weights(head.units)
    text = (
        f"the model has {weights:,} weights; the plain first model for inputs of shape "
        f"{tuple(x.shape[1:])} ({plain.text}) has {expected:,}"
    )
    fields: dict[str, Any] = {
        "measured": float(weights),
        "expected": float(expected),
        "unit": "weights",
        "evidence": {"inputs": plain.inputs, "times": weights / expected},
    }
    other = _other_family(model, plain, x, head)
    if not other or weights < larger * expected:
        return passed(text, **fields)
    return warned(
        f"{text}, and it is {other}",
        cause="The architecture does not know what such inputs have in common.",
        fix=Fix(text="Start from the plain first model.", code=_line(plain, head)),
        **fields,
    )
