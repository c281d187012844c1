"""What a ladder kept, where the user's own program searches the same thing: the search decides.

A kept move says what a setting is (a rate of dropout, a width, a learning rate). Made on what
`build(hp)` returns it would write over the value of the trial, and the axis would be dead. So
a move is left out where it changes a setting that some axis changes, or where it cannot be made
at some value of an axis. What is the same is not guessed from names: the program is built at
several places of each axis, with and without the moves, and the settings are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import keras
import keras_tuner

from keras_recipe.core.said import said
from keras_recipe.experiments.search_axes import axes
from keras_recipe.experiments.trial_move import Move, same
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.weight_decay import optimizers, owned

#: Places of an axis of numbers that are looked at beside its default, as shares of its length:
#: near its ends, where a setting differs most from the default.
PLACES = (0.01, 0.99)
#: Settings of a layer that say nothing of what it does. Penalties on weights are read from the
#: weights, where they can be switched off.
_NAMES = ("name", "seed", "dtype", "registered_name", "module")
_PENALTIES = ("kernel", "bias", "recurrent", "embeddings", "gamma", "beta", "depthwise",
              "pointwise", "query", "key", "value", "output")  # fmt: skip
_UNREAD = frozenset((*_NAMES, *(f"{one}_regularizer" for one in _PENALTIES)))

Settings = Mapping[str, frozenset[str]]


def settings_of(model: Any) -> Settings:
    """Return the settings of a compiled model by name, each with the values it has somewhere.

    Places are left out: a layer that is put in moves all others.

    Args:
        model: A compiled model.
    """
    found: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for _, layer in walk(model):
        if getattr(layer, "layers", None):
            continue  # those of its parts
        kind = type(layer).__name__
        counts[kind] += 1
        for name, value in _plain(_config(layer)):
            found[f"{kind}.{name}"].add(value)
    for kind, count in counts.items():
        found[f"number of {kind}"].add(str(count))
    for one in owned(model):
        penalty = one.variable.regularizer
        if penalty is not None:
            found["penalties"].add(str(sorted(_plain(_config(penalty)))))
    for optimizer in optimizers(model):
        found["optimizer"].add(type(optimizer).__name__)
        for name, value in _plain(_config(optimizer)):
            found[f"optimizer.{name}"].add(value)
    return {name: frozenset(values) for name, values in found.items()}


def _config(given: Any) -> Any:
    try:
        return given.get_config()
    except Exception:  # noqa: BLE001  own parts whose arguments Keras cannot name
        return {}


def _plain(config: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the settings that are plain values; of anything else its kind."""
    for name, value in config.items():
        if name in _UNREAD:
            continue
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _plain(value, f"{path}.")
        elif value is None or isinstance(value, bool | int | float | str | list | tuple):
            yield path, repr(value)
        else:
            yield path, type(value).__name__


def _differ(one: Settings, other: Settings) -> set[str]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


@dataclass
class _Looked:
    """What was seen of the user's program and the moves.

    Attributes:
        own: The user's program.
        moves: What was kept.
        axis_of: Settings that an axis changes, with its name.
        changed: By place of a move the settings it changes.
        failed: By place of a move why it cannot be made somewhere.
    """

    own: Any
    moves: Sequence[Move]
    axis_of: dict[str, str] = field(default_factory=dict)
    changed: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    failed: dict[int, str] = field(default_factory=dict)

    def everywhere(self) -> None:
        """Look at the default and at places of each axis, of those found on the way, too."""
        start, hp = self.at({})
        if start is None:
            return  # the search says why
        seen: set[str] = set()
        waiting = [(one, dict[str, Any]()) for one in hp.space]
        while waiting:
            one, values = waiting.pop(0)
            key = repr((one.name, [c.get_config() for c in one.conditions]))
            places = [] if key in seen else _places(one)
            seen.add(key)
            values = {**values, **{c.name: c.values[0] for c in one.conditions}}
            first = self.at(values)[0] if places and one.conditions else start
            for value in places:
                there = {**values, one.name: value}
                found, hp = self.at(there, one.name)
                if found is None:
                    continue  # a value that cannot be built is a failed trial
                for name in _differ(first or start, found):
                    self.axis_of.setdefault(name, one.name)
                waiting += [(new, there) for new in hp.space]

    def at(self, values: Mapping[str, Any], axis: str = "") -> tuple[Settings | None, Any]:
        """Build at one place of the space, make the moves, and note what they change."""
        hp = keras_tuner.HyperParameters()
        hp.values = dict(values)
        try:
            model = self.own.build(hp)
            own = before = settings_of(model)
        except Exception:  # noqa: BLE001  a setting may fail in any way
            return None, hp
        for place, move in enumerate(self.moves):
            try:
                model = move.change(model)
                after = settings_of(model)
            except Exception as error:  # noqa: BLE001  as may a change
                where = f" where {axis}={values[axis]!r}" if axis else ""
                self.failed.setdefault(place, f"cannot be made{where} ({said(error)})")
                break
            self.changed[place] |= _differ(before, after)
            before = after
        return own, hp


def _places(one: Any) -> list[Any]:
    """Return the values of a hyperparameter that are looked at; none where it has but one."""
    for axis in axes(SimpleNamespace(space=[one])):
        if axis.kind == "number":
            return [one.prob_to_value(share) for share in PLACES]
        return [value for value in axis.choices if value != one.default]
    return []


class KeptMoves(keras_tuner.HyperModel):
    """The user's own program with what a ladder kept, as far as the search does not decide it.

    Args:
        inner: The user's program.
        moves: What was kept.

    Attributes:
        made: The moves that are made on each trial's model.
        notes: A sentence for each whose change of the model is left out.
        start: The program the ladder ended with: all moves, for the defaults of the space.
    """

    def __init__(self, inner: Any, moves: Sequence[Move]) -> None:
        super().__init__()
        self._inner = inner
        looked = _Looked(inner, moves)
        if any(move.change is not same for move in moves):
            looked.everywhere()
        reasons = {place: _reason(looked, place) for place in range(len(moves))}
        self.made = tuple(move for place, move in enumerate(moves) if not reasons[place])
        self.notes = tuple(
            _said(moves[place].name, reason) for place, reason in reasons.items() if reason
        )
        self.start = _Made(inner, moves)

    def declare_hyperparameters(self, hp: Any) -> None:
        """Ask the user's program."""
        self._inner.declare_hyperparameters(hp)

    def build(self, hp: Any) -> Any:
        """Return the user's model, changed."""
        return _Made(self._inner, self.made).build(hp)

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Train as the user does."""
        return self._inner.fit(hp, model, *args, **kwargs)

    def left_out(self, searched: Collection[str]) -> tuple[str, ...]:
        """Return a sentence for each move that the search decides, with what `fit` asks for.

        Args:
            searched: Names of the axes.
        """
        sizes = [
            m.name for m in self.made if "batch_size" in m.fit and "batch_size" in searched
        ]
        return (*self.notes, *(_said(name, "this search decides batch_size") for name in sizes))


def _said(name: str, reason: str) -> str:
    return f"{name!r}, which a ladder kept, is left out: {reason}"


def _reason(looked: _Looked, place: int) -> str:
    """Return why a move is left out; "" where it is made."""
    if place in looked.failed:
        return f"it {looked.failed[place]}"
    both = sorted(looked.changed[place] & looked.axis_of.keys())
    names = sorted({looked.axis_of[one] for one in both})
    if not both:
        return ""
    return f"this search decides {', '.join(both)} ({', '.join(names)})"


@dataclass(frozen=True)
class _Made:
    """Builds the user's model and makes some moves on it."""

    inner: Any
    moves: Sequence[Move]

    def build(self, hp: Any) -> keras.Model:
        """Return the model, changed."""
        model = self.inner.build(hp)
        for move in self.moves:
            model = move.change(model)
        return model
