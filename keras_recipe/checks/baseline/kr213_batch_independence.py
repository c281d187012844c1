from collections.abc import Mapping
from typing import Any

import keras

from keras_recipe.core.check import check
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Fix, Result, failed, passed, warned
from keras_recipe.core.said import said
from keras_recipe.data.batch import Batch, leaves, mapped
from keras_recipe.data.order import Order
from keras_recipe.experiments.mixing import chart, difference, others_replaced
from keras_recipe.fit_settings import FitSettings
from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.preserve import preserve

_HALF = ("float16", "bfloat16")


def _handed_on(model: Any, fit: FitSettings, *, streamed: bool) -> Result | None:
    """A state kept from batch to batch must find the rows it was kept of."""
    kept = [path for path, layer in walk(model) if getattr(layer, "stateful", False)]
    if not kept or streamed or not fit.shuffle or (fit.steps_per_epoch or 2) < 2:
        return None
    return failed(
        f"{kept[0]} keeps its state from batch to batch (stateful=True), and fit shuffles the "
        "rows: each row goes on from the state of an unrelated one",
        measured=float(len(kept)),
        expected=0.0,
        unit="stateful layers",
        where=", ".join(kept[:5]),
        cause="A state is of use where row i of a batch goes on where row i of the last one "
        "ended; shuffled rows never do.",
        fix=Fix(
            text="Make the layer stateless, or give rows that go on and shuffle=False.",
            code="keras.layers.LSTM(units, stateful=False)",
        ),
    )


def _is_exact(model: Any) -> bool:
    """Whether no layer computes in half precision, whose rounding is seen in the outputs."""
    return all(layer.compute_dtype not in _HALF for _, layer in walk(model))


def _while_training(model: Any, x: Any) -> Any:
    """Return the outputs in training mode as NumPy arrays."""
    try:
        with preserve(model):
            return mapped(keras.ops.convert_to_numpy, model(tensors(x), training=True))
    except Exception as error:  # the user's own code
        msg = f"the model raises in training mode (see KR219): {said(error)}"
        raise NotApplicable(msg) from error


@check("KR213", cost="forward")
def batch_independence(
    model: Any,
    probe: Batch,
    fit: FitSettings,
    orders: Mapping[str, Order],
    *,
    rtol: float = 1e-2,
    little: float = 1e-3,
) -> Result:
    """The prediction for one sample does not depend on the other samples of its batch.

    Why:
        A reshape where a transpose was meant, or a reduction over the wrong axis, passes
        information across the batch; the net still trains, a little worse, in silence. A
        stateful layer hands what it kept of one batch to the next: to other rows altogether
        where `fit` shuffles them.
    Fix:
        Use keras.ops.transpose for swapping axes; reduce over axes 1 and up, never axis 0.
        `stateful=False`, or rows that go on where those of the last batch ended and
        `shuffle=False`.
    Tune:
        rtol: Largest change of an output when all other rows are replaced by copies of one
            row, relative to the spread of the outputs over the batch; no unit. Healthy models
            give at most 1e-5 in float32 and 4e-3 in float16; planted mixing gives 0.05 to 1.4.
        little: The same from which on it WARNs, where no layer computes in half precision: of
            112 healthy programs in float32 every one gave exactly 0 on PyTorch, and so did the
            46 of them that were tried on JAX; attention over the batch gave 0.005 where its
            scores were small. No FAIL, as an activation quantised by the range of its batch
            gives 0.005 and may be meant.
    Source:
        Karpathy 2019, stage 2, "use backprop to chart dependencies"; decided by perturbation,
        because gradients miss integer inputs and permutations miss order-invariant mixing; the
        Keras documentation of `RNN` on statefulness, which asks for `shuffle=False`. The
        chart is drawn by both where it finds something.
    """
    if found := _handed_on(model, fit, streamed=orders["training"].streamed):
        return found
    half = len(probe) // 2
    if half < 1:
        msg = "one row alone cannot mix with others"
        raise NotApplicable(msg)
    first, second = slice(0, half), slice(half, len(probe))
    base = model.predict_on_batch(probe.x)
    if any(len(leaf) != len(probe) for leaf in leaves(base)):
        msg = "the outputs do not have one row for each input row"
        raise NotApplicable(msg)
    if difference(base, model.predict_on_batch(probe.x), slice(None)) > 0:
        msg = "predictions of the same rows differ from call to call (see KR217)"
        raise NotApplicable(msg)
    mixed = max(
        difference(base, model.predict_on_batch(others_replaced(probe, part)), part)
        for part in (first, second)
    )
    limit = min(little, rtol) if _is_exact(model) else rtol
    pictures = chart(model, probe, base, mixed=mixed > limit)
    if mixed > limit:
        verdict = failed if mixed > rtol else warned
        return verdict(
            f"predictions change by {mixed:.2g} of their spread when only the other samples of "
            f"the batch change; expected 0 (at most {limit:g})",
            measured=mixed,
            expected=0.0,
            unit="share of output spread",
            where="inference mode",
            cause="A layer or op mixes axis 0: a reshape that merges it, or a mean, largest "
            "value, sort, softmax or attention over it.",
            fix=Fix(
                text="Keep axis 0 for samples in every op.",
                code="x = keras.ops.transpose(x, (0, 2, 1))  # not reshape",
            ),
            pictures=pictures,
        )
    norms = [
        p for p, layer in walk(model) if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if norms:
        return passed(
            "no output depends on another sample in inference mode; in training mode "
            f"BatchNormalization mixes on purpose ({len(norms)} layer(s))",
            measured=mixed,
            unit="share of output spread",
            pictures=pictures,
        )
    if all(type(layer).__module__.startswith("keras.") for _, layer in walk(model)):
        return passed(
            "no output depends on another sample of the batch",
            measured=mixed,
            expected=0.0,
            unit="share of output spread",
            pictures=pictures,
        )
    trained = _while_training(model, probe.x)
    changed = _while_training(model, others_replaced(probe, first))
    mixed_training = difference(trained, changed, first)
    if mixed_training > rtol:
        return warned(
            f"in training mode predictions change by {mixed_training:.2g} of their spread with "
            "the other samples, and no BatchNormalization explains it",
            measured=mixed_training,
            expected=0.0,
            unit="share of output spread",
            where="training mode",
            cause="A custom layer uses batch statistics, or draws noise shared by the batch.",
            fix=Fix(text="Make sure that mixing samples during training is meant."),
        )
    return passed(
        "no output depends on another sample of the batch",
        measured=mixed,
        expected=0.0,
        unit="share of output spread",
        pictures=pictures,
    )
