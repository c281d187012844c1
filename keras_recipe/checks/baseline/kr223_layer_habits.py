from functools import partial
from typing import Any

from keras_recipe.core.check import check
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.surgery.habits import habits_of
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
    """No dropout acts on the output, and every convolution has an activation.

    Why:
        Dropout behind the last weights zeroes predictions at random, and the loss punishes
        the model for it. Convolutions with nothing but pooling between them are one linear
        filter, a maximum apart.
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
