"""The moves that make a model learn its training rows, from the cheapest to the dearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.said import said
from keras_recipe.experiments.trial_move import Move
from keras_recipe.surgery.burden import Burden
from keras_recipe.surgery.dropout import set_dropout
from keras_recipe.surgery.grown import deepened, widened, widths_of
from keras_recipe.surgery.optimizer import innermost, rate_of, replace_optimizer, schedule_of
from keras_recipe.surgery.weight_decay import set_weight_decay

RATES = (3e-4, 1e-3)  # Karpathy's "safe" rate and Keras's default; the essay wants a constant
FACTORS = (2, 4, 8, 16, 32, 64)  # of the widths as they are
#: Units beyond which no layer is widened more than twice: one hidden layer of 512 learns all
#: of CIFAR-10 by heart even with random labels (Zhang et al. 2017, table 1).
WIDE = 512
LONGER = (2, 4)  # times the steps


@dataclass(frozen=True)
class _Adam:
    rate: float

    def __call__(self, model: Any) -> Any:
        adam = keras.optimizers.Adam(self.rate)
        if model.built:
            replace_optimizer(model, adam)
        else:
            model.optimizer = adam
        return model


@dataclass(frozen=True)
class _Larger:
    """Makes a larger copy, of a model that is not built yet in the shape it will have."""

    make: Callable[[Any], Any]
    shapes: Mapping[str, Any]

    def __call__(self, model: Any) -> Any:
        if not model.built and self.shapes:
            model.build_from_config(self.shapes)
        return self.make(model)


def _unregularized(model: Any) -> Any:
    set_dropout(model, 0.0)
    set_weight_decay(model, 0.0)
    return model


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What can be tried on one model.

    Attributes:
        moves: In the order to try them.
        left_out: Name of each move that is not, and why.
    """

    moves: tuple[Move, ...]
    left_out: Mapping[str, str]


def growth(model: Any, burden: Burden, *, steps: int) -> Growth:
    """Return the moves that may bring a model to learn its training rows.

    Args:
        model: The compiled, built model as it is.
        burden: What it carries against overfitting.
        steps: Optimizer steps of a training as it is.
    """
    moves: list[Move] = []
    left_out: dict[str, str] = {}
    families: tuple[tuple[str, Callable[[], list[Move]]], ...] = (
        ("regularisation off", lambda: [_off(burden)]),
        ("Adam", lambda: _adams(model)),
        ("wider", lambda: _wider(model)),
        ("deeper", lambda: [_deeper(model)]),
    )
    for name, make in families:
        try:
            moves += make()
        except NotApplicable as reason:
            left_out[name] = str(reason)
    moves += [
        Move(
            name=f"{times} times as long",
            text=f"{times * steps} optimizer steps in place of {steps}",
            fit={"steps": times * steps},
        )
        for times in LONGER
    ]
    return Growth(moves=tuple(moves), left_out=left_out)


def _off(burden: Burden) -> Move:
    dropped = [part for part in burden.parts if part.startswith(("dropout", "noise"))]
    penalties = ("penalties", "weight decay")
    found = dropped + [part for part in burden.parts if part.startswith(penalties)]
    if not found:
        msg = "there is no dropout, noise, penalty or weight decay"
        raise NotApplicable(msg)
    return Move(
        name="regularisation off", text=f"without {', '.join(found)}", change=_unregularized
    )


def _adams(model: Any) -> list[Move]:
    inner = innermost(model.optimizer)
    if isinstance(inner, keras.optimizers.MultiOptimizer):
        msg = "the model has several optimizers"
        raise NotApplicable(msg)
    named = type(inner).__name__ == "Adam"  # each backend has a class of its own
    plain_adam = named and schedule_of(inner) is None
    own = rate_of(inner) if plain_adam else 0.0
    return [
        Move(
            name=f"Adam at {rate:g}",
            text=f"Adam at a constant {rate:g} in place of {_optimizer_text(inner)}",
            change=_Adam(rate),
        )
        for rate in RATES
        if abs(own / rate - 1) > 1e-3  # it is there already
    ]


def _optimizer_text(optimizer: Any) -> str:
    schedule = schedule_of(optimizer)
    kind = type(optimizer).__name__
    if schedule is not None:
        return f"{kind} with {type(schedule).__name__}"
    return f"{kind} at {rate_of(optimizer):.3g}"


def _wider(model: Any) -> list[Move]:
    sizes = [size for _, size in widths_of(model)]
    if not sizes:
        msg = "it has no hidden layers whose width Keras's configuration names"
        raise NotApplicable(msg)
    most = max(WIDE, 2 * max(sizes))
    shapes = _shapes(model)
    chosen = [factor for factor in FACTORS if factor * max(sizes) <= most]
    _try(lambda: widened(model, [chosen[0] * size for size in sizes]))
    return [
        Move(
            name=f"{factor} times as wide",
            text=f"hidden layers of {_listed([factor * s for s in sizes])} units in place of "
            f"{_listed(sizes)}",
            change=_Larger(partial(widened, widths=[factor * s for s in sizes]), shapes),
        )
        for factor in chosen
    ]


def _shapes(model: Any) -> Mapping[str, Any]:
    return dict(model.get_build_config() or {})


def _listed(sizes: list[int]) -> str:
    shown = ", ".join(map(str, sizes[:4]))
    return f"{shown}, …" if len(sizes) > 4 else shown


def _deeper(model: Any) -> Move:
    _try(lambda: deepened(model))
    return Move(
        name="deeper",
        text="one more hidden layer before the output layer, as wide as the one before it",
        change=_Larger(deepened, _shapes(model)),
    )


def _try(change: Callable[[], Any]) -> None:
    """Make a change once, to know whether it can be made.

    Raises:
        NotApplicable: It cannot.
    """
    try:
        change()
    except NotApplicable:
        raise
    except Exception as error:  # own layers and optimizers: each has its own error
        msg = f"the model cannot be built anew: {said(error)}"
        raise NotApplicable(msg) from error
