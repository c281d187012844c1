from typing import Any

import keras
import numpy as np

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.experiments.causality import (
    Prober,
    dependency,
    is_causal_by_design,
    looks_ahead,
    only_normalises,
    only_repeats,
    suspects,
)
from keras_recipe.experiments.shifts import Shift, shift_of
from keras_recipe.surgery.layers import walk
from keras_recipe.task import Head, Task


def _pairs(probe: Batch, task: Task) -> list[tuple[Head, int, Shift]]:
    """Return each output by step with the input whose steps its targets are."""
    targets, found = leaves(probe.y), []
    for head in task.heads:
        if head.structure != "token" or head.target is None or head.target >= len(targets):
            continue
        for index, leaf in enumerate(keras.tree.flatten(probe.x)):
            shift = None if leaf is None else shift_of(np.asarray(leaf), targets[head.target])
            if shift is not None:
                found.append((head, index, shift))
    return found


def _all_repeated(sample: Batch, task: Task, head: Head, leaf: int) -> bool:
    """Whether the targets of the only output are all of them the inputs of their step."""
    x, y = keras.tree.flatten(sample.x)[leaf], leaves(sample.y)[head.target or 0]
    shift = shift_of(np.asarray(x), y)
    return len(task.heads) == 1 and shift is not None and (shift.steps, shift.share) == (0, 1)


def _judged(
    model: Any,
    probe: Batch,
    sample: Batch,
    task: Task,
    pair: tuple[Head, int, Shift],
    probes: int,
    floor: float,
) -> Result:
    head, leaf, shift = pair
    prober = Prober(model, probe, leaf, head.index)
    if not prober.repeatable:
        msg = "predictions of the same rows differ from call to call (see KR217)"
        raise NotApplicable(msg)
    own, later = looks_ahead(prober, max(shift.steps, 1), probes, floor)
    layers, code = suspects(model)
    fields = {
        "measured": own if own > floor else later,
        "expected": 0.0,
        "unit": "share of the greatest effect",
        "where": f"output {head.name}",
        **dependency(prober, head.name, ahead=max(own, later) > floor),
    }
    if shift.steps == 0:
        sure = is_causal_by_design(model) or (
            _all_repeated(sample, task, head, leaf) and only_repeats(model, head.units)
        )
        return _same_step(prober, shift, probes, floor, fields, sure=sure)
    text = f"the target of step t is input t + {shift.steps} ({shift.share:.0%} of the targets)"
    fix = Fix(text="Let no layer look at later steps.", code=code)
    can = f"; what can look ahead here: {layers}." if layers else "."
    if own > floor:
        verdict = warned if only_normalises(model) else failed  # all it sees is a mean
        return verdict(
            f"{text}, and output t moves when only that input changes, by {own:.2g} of the "
            "greatest effect of the change; expected 0",
            cause=f"The net sees the answer it must predict{can}",
            fix=fix,
            **fields,
        )
    if later > floor:
        return warned(
            f"{text}; output t does not see that one, but moves by {later:.2g} of the greatest "
            "effect with the inputs after it; expected 0",
            cause=f"A layer looks at steps that are not there when generating{can}",
            fix=fix,
            **fields,
        )
    return passed(f"{text}, and no output sees it", **fields)


def _same_step(
    prober: Prober,
    shift: Shift,
    probes: int,
    floor: float,
    fields: dict[str, Any],
    *,
    sure: bool,
) -> Result:
    """Judge targets that are the inputs of the same step."""
    if not shift.tokens or fields["measured"] > floor:
        msg = "the targets are the inputs of the same step: an autoencoder may see them"
        raise NotApplicable(msg)
    present, _ = looks_ahead(prober, 0, probes, floor)
    if present <= floor:
        return passed(
            "no output sees its own target: the net shifts its inputs itself", **fields
        )
    verdict = failed if sure else warned
    return verdict(
        "the target of each step is the input of the same step, and the net looks only "
        "back: it is asked to repeat what it was just given",
        cause="The targets were not shifted by one step.",
        fix=Fix(text="Shift the targets.", code="x, y = tokens[:, :-1], tokens[:, 1:]"),
        **{**fields, "measured": present},
    )


@check("KR214", cost="forward")
def causality(
    model: Any, probe: Batch, sample: Batch, task: Task, *, probes: int = 8, floor: float = 1e-4
) -> Result:
    """A net that predicts the next step of a sequence does not see it.

    Why:
        Without a causal mask the target of step t is among the inputs that output t can see:
        the loss falls to nothing in training, and there is nothing to copy when generating.
    Fix:
        Mask attention (`use_causal_mask=True`), pad convolutions with `padding="causal"`, and
        use no Bidirectional layer; shift the targets by one step.
    Tune:
        probes: Steps that are changed one at a time; so the number of passes is bounded.
        floor: Effect of an input on an output that counts as seeing it, as a share of its
            greatest effect on any step. Causal nets give exactly 0; attention spread evenly
            over 512 steps gives 2e-3.
    Source:
        Karpathy 2019, stage 2, "use backprop to chart dependencies": by changing inputs, since
        token numbers have no gradient. Only where at least 95 % of the targets are proved to
        be the inputs some steps later; a tagger that sees both sides is as it should be.
        Targets equal to the inputs of their step FAIL where attention is masked or a
        convolution padded so that only the past is seen: no autoencoder would be. So do those
        of a recurrent net that neither squeezes nor disturbs its tokens and pays no penalty:
        it can only repeat them.
    """
    if probe.y is None or not any(head.structure == "token" for head in task.heads):
        msg = "no output has a value for each step of a sequence"
        raise NotApplicable(msg)
    pairs = _pairs(probe, task)
    if not pairs or any(isinstance(o, keras.layers.RepeatVector) for _, o in walk(model)):
        msg = "the targets are not the inputs of a later step, so the net may see all of them"
        raise NotApplicable(msg)
    results = [_judged(model, probe, sample, task, pair, int(probes), floor) for pair in pairs]
    by_design = [r for r in results if r.status == "pass"]  # an encoder may hold the same
    return (by_design or sorted(results, key=lambda r: r.status != "fail"))[0]
