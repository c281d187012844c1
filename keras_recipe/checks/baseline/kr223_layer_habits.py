from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.loss import predict
from keras_recipe.surgery.habits import habits_of
from keras_recipe.surgery.lone_norms import lone_norms
from keras_recipe.surgery.output_dropout import dropped_outputs, keep_outputs
from keras_recipe.task import Task

_SAID = {
    "no activation": "no activation behind",
    "bias before normalisation": "a bias that the normalisation takes away in",
    "dropout before normalisation": "dropout right before normalisation:",
    "large flatten": "pooling instead would save most weights:",
}


@check("KR223", cost="forward")
def layer_habits(model: Any, probe: Batch, task: Task, *, dropped: float = 0.01) -> Result:
    """Layers stand where they work: dropout, normalisation, the convolutions' activations.

    Why:
        Dropout behind the last weights zeroes predictions at random, and the loss punishes
        the model for it. Convolutions with nothing but pooling between them are one linear
        filter, a maximum apart. A normalisation of a single value leaves nothing of it.
    Fix:
        Move dropout before the output layer; give each convolution an activation.
    Tune:
        dropped: Share of an output's values that are zero in training mode, behind a dropout
            layer, from which on it FAILs.
    Source:
        Karpathy 2019, stage 2; Srivastava et al. 2014 drop hidden and visible units only.
        Whether a dropout layer's result is the output is seen by its numbers. Also noted: a
        bias right before BatchNormalization (Ioffe and Szegedy 2015, 3.2), dropout right before
        it (Li et al. 2018, "Disharmony"), a Flatten with nearly all weights behind it.
    """
    taught = {head.index: head for head in task.heads if head.loss.name}
    for found in dropped_outputs(model, probe.x):
        head = taught.get(found.index)
        if head is None or found.share < dropped:
            continue
        what = "the predictions" if found.activation == "linear" else "the scores behind them"
        say = warned if head.kind == "unknown" else failed
        return say(
            f"`{found.path}` sets {found.share:.0%} of {what} to zero in training",
            measured=found.share,
            expected=0.0,
            unit="share of predictions",
            where=found.path,
            cause="Dropout stands behind the output layer, so the loss sees its zeros.",
            fix=Fix(
                text="Move dropout before the output layer, or leave it out.",
                code="model = keras.Sequential([..., keras.layers.Dropout(0.5), output_layer])",
                action=partial(keep_outputs, paths=[found.path]),
            ),
        )
    if lone := list(lone_norms(model)):
        outputs = keras.tree.flatten(predict(model, probe.x))
        same = all(float(np.ptp(np.asarray(p, "float64"), axis=0).max()) == 0 for p in outputs)
        return (failed if same and len(probe) > 1 else warned)(
            f"`{lone[0]}` normalises one value at a time: whatever comes in, 0 goes out"
            + (", and the predictions of all rows are the same" if same else ""),
            measured=1.0,
            expected=2.0,
            unit="values normalised together, or more",
            where=", ".join(lone[:5]),
            cause="Its axis, or its groups, hold a single value: nothing gets through.",
            fix=Fix(
                text="Normalise over the features.",
                code="keras.layers.LayerNormalization(axis=-1)  # more than one of them",
            ),
        )
    habits = {habit: names for habit, names in habits_of(model).items() if names}
    told = [f"{_SAID[habit]} {', '.join(names[:5])}" for habit, names in habits.items()]
    bare = habits.get("no activation", [])
    if not bare:
        noted = f"; noted: {'; '.join(told)}" if told else ""
        return passed(f"no dropout acts on an output{noted}", evidence=habits)
    return warned(
        f"{len(bare)} convolutions have no activation: {', '.join(bare[:5])}",
        measured=float(len(bare)),
        expected=0.0,
        unit="layers",
        where=", ".join(bare[:5]),
        cause="Only pooling stands between them and the next weights.",
        fix=Fix(text="Give them one.", code='keras.layers.Conv2D(16, 3, activation="relu")'),
        evidence=habits,
    )
