"""The hypermodel of a search: the user's own, or a space made for a model without one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import keras_tuner

from keras_recipe.core.errors import KerasRecipeError
from keras_recipe.experiments.trial_model import made, maker
from keras_recipe.experiments.trial_move import Move
from keras_recipe.search.kept import KeptMoves
from keras_recipe.surgery.dropout import rates, set_dropout
from keras_recipe.surgery.grown import widened, widths_of
from keras_recipe.surgery.weight_decay import set_weight_decay

#: The learning rate is searched a factor of 30 up and down: 3 decades in all around the one in
#: use, which Bengio 2012 (section 3.1) gives as the range that is worth it.
RATE_FACTOR = 30.0
#: Decoupled decay from nothing that can be felt to what few networks bear (Loshchilov and
#: Hutter 2019 find their best between 1e-4 and 1e-1 of the learning rate's scale).
DECAY = (1e-5, 1e-1)
#: Rates of dropout: from none to a half, the rate Srivastava et al. 2014 start from.
DROPOUT = (0.0, 0.5, 0.1)
#: Widths beside the one in use.
WIDTHS = (0.5, 1.0, 2.0)


def _learning_rate(model: Any) -> float | None:
    """Return the rate in use; None if a schedule decides."""
    optimizer = model.optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    given = optimizer.get_config().get("learning_rate")
    return float(given) if isinstance(given, int | float) else None


class MadeSpace(keras_tuner.HyperModel):
    """Learning rate, weight decay, dropout, batch size and width, where the model has them.

    Args:
        build: As `trial_model.maker` takes it.
        batch_size: The one in use.
        moves: Made on each fresh model first.

    Raises:
        InputError: No such model can be made.
    """

    def __init__(self, build: Any, batch_size: int, moves: Sequence[Move] = ()) -> None:
        super().__init__()
        self._make, self._moves, self._batch = maker(build), tuple(moves), batch_size
        model = self._fresh()
        self._rate = _learning_rate(model)
        self._drops = bool(rates(model)) and _works(lambda: set_dropout(model, DROPOUT[1]))
        self._wide = _can_widen(model)
        self._decays = _works(lambda: set_weight_decay(model, DECAY[0]))

    def _fresh(self) -> Any:
        model = made(self._make)
        for move in self._moves:
            model = move.change(model)
        return model

    def build(self, hp: Any) -> Any:
        """Return the model with the values of `hp`, compiled."""
        model = self._fresh()
        if self._wide:
            model = _resized(model, hp.Choice("width", list(WIDTHS), default=1.0))
        if self._rate is not None:
            low, high = self._rate / RATE_FACTOR, self._rate * RATE_FACTOR
            rate = hp.Float("learning_rate", low, high, sampling="log", default=self._rate)
            model.optimizer.learning_rate = rate
        if self._drops:
            low, high, step = DROPOUT
            set_dropout(model, hp.Float("dropout", low, high, step=step))
        if self._decays:
            wanted = hp.Boolean("decay")
            with hp.conditional_scope("decay", [True]):
                if wanted:
                    value = hp.Float("weight_decay", *DECAY, sampling="log")
                    set_weight_decay(model, value)
        sizes = sorted({max(self._batch // 2, 1), self._batch, 2 * self._batch})
        hp.Choice("batch_size", sizes, default=self._batch)
        return model

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Train with the batch size of `hp`."""
        return model.fit(*args, **{**kwargs, "batch_size": hp.get("batch_size")})


def _works(change: Callable[[], Any]) -> bool:
    try:
        change()
    except KerasRecipeError:
        return False
    return True


def _resized(model: Any, factor: float) -> Any:
    """Return a fresh model whose hidden layers are `factor` times as wide, compiled alike."""
    if factor == 1:
        return model
    return widened(model, [max(1, round(factor * width)) for _, width in widths_of(model)])


def _can_widen(model: Any) -> bool:
    try:
        return _resized(model, WIDTHS[-1]).count_params() > model.count_params()
    except Exception:  # noqa: BLE001  own layers fail in ways of their own: the axis is left out
        return False


def hypermodel(build: Any, batch_size: int, moves: Sequence[Move] = ()) -> Any:
    """Return what KerasTuner builds models with.

    The user's own `build(hp)` or `HyperModel` if it asks `hp` for anything, else `MadeSpace`.

    Args:
        build: As `trial_model.maker` takes it.
        batch_size: The one in use, for a space that is made.
        moves: Of a ladder, made on each model before its hyperparameters are set; or after the
            user's own function has built it, but for those that the search decides
            (`kept.KeptMoves`).

    Raises:
        InputError: `build` makes no compiled model.
    """
    own = build if isinstance(build, keras_tuner.HyperModel) else None
    function = callable(build) and not isinstance(build, keras.Model)
    if own is None and function and _takes_hp(build):
        own = _Own(build)
    if own is None or not _asks(own):
        return MadeSpace(build, batch_size, moves)
    return KeptMoves(own, moves) if moves else own


class _Own(keras_tuner.HyperModel):
    """A function `build(hp)`."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    def build(self, hp: Any) -> Any:
        """Return the user's model."""
        return self._function(hp)


def _asks(own: Any) -> bool:
    """Whether building a model asks for hyperparameters."""
    hp = keras_tuner.HyperParameters()
    made(functools.partial(own.build, hp))
    return bool(hp.space)


def _takes_hp(build: Any) -> bool:
    """Whether a function's first argument is KerasTuner's: without default, or named `hp`."""
    try:
        first = next(iter(inspect.signature(build).parameters.values()), None)
    except (TypeError, ValueError):  # a builtin
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if first is None or first.kind not in kinds:
        return False
    return first.default is first.empty or first.name == "hp"


def fixed(hyper: Any, values: Mapping[str, Any]) -> Callable[[], Any]:
    """Return a function that builds the model with these values."""

    def build() -> Any:
        hp = keras_tuner.HyperParameters()
        hp.values = dict(values)
        return hyper.build(hp)

    return build
