from typing import Any

import keras

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.skill import skill
from keras_recipe.surgery.activations import activation_name
from keras_recipe.surgery.activity import activation_statistics
from keras_recipe.surgery.batch_norm import settle
from keras_recipe.surgery.outputs import observable
from keras_recipe.task import Task

_ZEROING, _BOUNDED = ("relu", "relu6"), ("sigmoid", "tanh")
_FEW = 8  # in a layer of fewer units, chance alone kills most of them now and then


def _name(layer: Any) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu" if not (layer.negative_slope or layer.threshold) else "unknown"
    if isinstance(layer, keras.layers.RNN | keras.layers.Wrapper):
        return "unknown"
    return activation_name(getattr(layer, "activation", None))


def _hidden(model: Any, task: Task) -> dict[str, tuple[str, int]]:
    """Return the activation and the units of the layers to look at, by path."""
    outputs = [head.output.layer for head in task.heads]
    outputs += list(getattr(model, "layers", []))[-1:]
    found = {}
    for path, layer in observable(model):
        name = _name(layer)
        if name in (*_ZEROING, *_BOUNDED) and not any(layer is last for last in outputs):
            kernel = getattr(layer, "kernel", None)
            found[path] = (name, _FEW if kernel is None else int(kernel.shape[-1]))
    return {path: (name, units) for path, (name, units) in found.items() if units > 1}


def _does_well(model: Any, task: Task, rows: Batch) -> bool:
    """Whether the model is good as it is: a trained one may saturate on purpose."""
    try:
        return rows.y is not None and skill(model, task, rows) > 0.5
    except NotApplicable:
        return False


@check("KR220", cost="forward")
def dead_or_saturated_units(
    model: Any,
    sample: Batch,
    task: Task,
    *,
    dead_share: float = 0.95,
    pinned_share: float = 0.9,
    suspect_share: float = 0.7,
    rows: int = 128,
) -> Result:
    """Hidden units answer differently to different samples.

    Why:
        A ReLU that is zero for every sample gets no gradient and stays dead; a sigmoid or tanh
        pinned at a limit has almost none.
    Fix:
        Standardise the inputs, use He or Glorot initialisation, lower the learning rate.
    Tune:
        dead_share: Share of a ReLU layer's units that are zero for all rows to FAIL. SageMaker
            and TheDeepChecker alarm above 0.5; healthy nets on raw pixels reach 0.6.
        pinned_share: Share of a bounded layer's values where the slope is below 1 % of the
            steepest to FAIL; TheDeepChecker: 0.85.
        suspect_share: Share of either to WARN.
        rows: Number of rows looked at.
    Source:
        Karpathy 2019, stage 2; Karpathy, "Yes you should understand backprop" (2016).
    """
    hidden = _hidden(model, task)
    if not hidden:
        msg = "no hidden layer has a ReLU, sigmoid or tanh"
        raise NotApplicable(msg)
    some = sample.take(slice(0, int(rows)))
    settle(model, some.x)
    heard = activation_statistics(model, list(hidden))(some.x)
    found = [(0.0, 0.0, "", "")]  # the share relative to its limit first
    for path, numbers in heard.items():
        name, units = hidden[path]
        kind = "dead" if name in _ZEROING else "saturated"
        share = float(numbers.get(kind, 0.0))
        limit = dead_share if kind == "dead" else pinned_share
        if share >= limit or units >= _FEW:
            found.append((share / limit, share, path, kind))
    worst, share, path, kind = max(found)
    if share <= suspect_share:
        return passed(
            f"at most {share:.0%} of a hidden layer is dead or saturated",
            measured=share,
            expected=0.0,
            unit="share of units",
        )
    what = "are zero for every sample" if kind == "dead" else "are pinned at a limit"
    is_fault = worst >= 1 and not _does_well(model, task, some)
    verdict = failed if is_fault else warned if worst < 1 else passed
    return verdict(
        f"{share:.0%} of the units of {path} {what}; expected under {suspect_share:.0%}"
        + ("" if is_fault or worst < 1 else ", but the model does well as it is"),
        measured=share,
        expected=0.0,
        unit="share of units",
        where=path,
        cause="Inputs far from unit scale, or weights or biases of an absurd size.",
        fix=Fix(
            text="Standardise the inputs and initialise with He (ReLU) or Glorot weights.",
            code='keras.layers.Dense(units, "relu", kernel_initializer="he_normal")',
        ),
    )
