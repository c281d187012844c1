"""Rules about the shapes of labels and outputs: what is refused, what is broadcast."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_recipe.contract.scored import ScoredHead
from keras_recipe.core.result import Fix, Result, failed
from keras_recipe.data.batch import Batch
from keras_recipe.loss import LossUndefined, data_loss

SPARSE = "sparse_categorical_crossentropy"
#: Keras's losses that read labels of another shape by definition: shorter texts, class numbers
#: of embeddings.
UNPAIRED = {"ctc", "circle"}
ROWS = 32
RTOL = 1e-4


def own_training(model: Any) -> bool:
    """Whether the model trains by a `train_step` of its own, which may not use the loss."""
    return getattr(type(model), "train_step", None) is not keras.Model.train_step


def _shapes(scored: ScoredHead) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(scored.y.shape), tuple(scored.p.shape)


def _shown(shape: tuple[int, ...]) -> str:
    """Return a shape with `n` for the rows: `(n, 10)`, `(n,)`."""
    return f"(n, {', '.join(map(str, shape[1:]))})" if len(shape) > 1 else "(n,)"


def _numbers_for_vectors(scored: ScoredHead) -> Result | None:
    """Class numbers given to a loss that wants vectors, or the other way round."""
    head, (y, p) = scored.head, _shapes(scored)
    if head.units < 2:
        return None
    numbers = y in (p[:-1], (*p[:-1], 1))
    if head.loss.name == SPARSE and y == p:
        return _mixed_up(
            scored,
            f"{SPARSE} expects class numbers of shape {_shown(p[:-1])}, but the labels are "
            f"vectors of shape {_shown(y)}",
            "The labels are one-hot already.",
            "categorical_crossentropy",
        )
    vectors = (
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "categorical_hinge",
    )
    if head.loss.name in vectors and numbers:
        return _mixed_up(
            scored,
            f"{head.loss.name} expects one-hot labels of shape {_shown(p)}, but the labels are "
            f"numbers of shape {_shown(y)}",
            "The labels are class numbers.",
            SPARSE,
        )
    return None


def _mixed_up(scored: ScoredHead, said: str, cause: str, better: str) -> Result:
    return failed(
        f"{said}.",
        measured=float(scored.y.ndim),
        expected=float(scored.p.ndim - (scored.head.loss.name == SPARSE)),
        unit="axes of the labels",
        where=scored.head.name,
        cause=cause,
        fix=Fix(text=f"Use {better} for such labels.", code=f"loss={better!r}"),
    )


def _same(y: tuple[int, ...], p: tuple[int, ...]) -> bool:
    """Whether Keras's own losses pair labels and outputs one by one."""
    return y == p or (*y, 1) == p or y == (*p, 1)


def _broadcast(scored: ScoredHead) -> Result | None:
    """Every number of the output must have a label of its own."""
    head, (y, p) = scored.head, _shapes(scored)
    few = scored.take(slice(0, ROWS))
    cost = few.loss(few.p)
    if head.loss.builtin:
        if head.loss.name in {SPARSE, *UNPAIRED} or _same(y, p):
            return None
        said = f"{head.loss.name} compares" if np.isfinite(cost) else ""
    else:
        if y == p or scored.y.size != scored.p.size:
            return None
        paired = few.with_target(few.y.reshape(few.p.shape)).loss(few.p)
        if not np.isfinite([cost, paired]).all() or abs(cost - paired) <= RTOL * abs(paired):
            return None
        said = f"your loss costs {cost:.4g}, one by one it costs {paired:.4g}: it compares"
    meaning = f"{said} each label with several outputs" if said else "the loss refuses them"
    return failed(
        f"Labels of shape {_shown(y)} meet outputs of shape {_shown(p)}: {meaning}.",
        measured=float(np.prod(y[1:])),
        expected=float(np.prod(p[1:])),
        unit="labels a row",
        where=head.name,
        cause="Shapes that differ are broadcast in silence where they can be; the model learns "
        "one number for all of them.",
        fix=Fix(
            text="Give labels and outputs the same shape.",
            code=f"y = y.reshape({('-1', *map(str, p[1:]))})".replace("'", "")
            if scored.y.size == scored.p.size
            else f"keras.layers.Dense({y[-1] if len(y) > 1 else 1})",
        ),
    )


def pairing(scored: ScoredHead) -> Result | None:
    """Labels and outputs must correspond one by one."""
    return _numbers_for_vectors(scored) or _broadcast(scored)


def refused(model: Any, sample: Batch, outputs: Any, batch_size: int) -> Result | None:
    """The loss must take these labels at all."""
    rows = slice(0, batch_size)
    few, said = sample.take(rows), Batch(outputs).take(rows).x
    try:
        data_loss(model, few, said)
    except LossUndefined as error:
        if own_training(model):
            return None
        ys = ", ".join(_shown(leaf.shape) for leaf in keras.tree.flatten(few.y))
        ps = ", ".join(_shown(leaf.shape) for leaf in keras.tree.flatten(said))
        return failed(
            f"The loss refuses labels of shape {ys} for outputs of shape {ps}: {error}",
            cause="Labels, outputs and loss don't fit together.",
            fix=Fix(text="Give each output labels in the form its loss expects."),
        )
    return None
