"""What happened while a model was trained: plain data, written by callbacks, read by checks."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_recipe.core.result import plain

#: Numbers kept of each weight and epoch.
STATISTICS = ("gradient_norm", "weight_norm", "update_norm", "update_ratio")


@dataclass
class Trace:
    """The record of one fit. Lists have one entry an epoch; steps count from 0.

    Attributes:
        epochs: The logs, validation included: `{"loss": ..., "val_loss": ...}`.
        learning_rate: At the end of each epoch; None where not known.
        steps: Optimizer steps made; None where not known.
        seconds: Wall time, validation included.
        waiting: `{"epoch": n, "waited": s, "computed": s, "delayed": s, "steps": k}` for epochs
            0, 3, 15, ...: the least seconds that one of a few steps waited for its data, the
            medians of what they then took and of what a thread that does nothing took beside
            them. Not for TensorFlow, nor where epochs or steps are short; see
            `surgery.waiting`.
        weights: By weight path the Euclidean norms `gradient_norm`, `weight_norm` and
            `update_norm` and their `update_ratio` (update to weight): medians over the last
            64 steps, and under `"last"` those of the last step. A gradient that does not exist
            is None. Above 16,384 elements the last three are estimated, to about 1 %.
        activations: `{"epoch": n, "layers": {path: {"zeros": share, ...}}}` for the first
            epoch, the last, and some between at the monitor's `pace`; see `surgery.activity`.
        first_bad: `{"step": n, "weights": [paths]}` for the first gradient with a NaN or an
            infinity, every weight it struck in that step; None if there was none.
        tail: The global gradient norm of up to 64 steps that led to `first_bad`.
        bad_weights: Paths of weights that end with a NaN or an infinity.
        unchanged: Paths of trainable weights whose bits are those of the beginning; None if
            this was not found out.
        shapes: Shape of each trainable weight by path.
        optimizer: What made the updates: `name`, `scales_loss`, the `learning_rate` before the
            first step, and `clipnorm`, `global_clipnorm`, `clipvalue`, `weight_decay`,
            `ema_momentum` if set.
        plan: `epochs` and `steps` an epoch that were planned, the schedule's `rates` and, when
            the training has ended, `monitors`; see `surgery.plan.Plan`.
        program: What is known of the model and the fit: `custom_step`, `silent_output`,
            `dropout` (the highest rate), `labels_vary`.
        penalty: Sum of the weight penalties in the loss at the end; None if there are others.
        penalty_before: The same at the beginning.
        travel: Of each weight from beginning to end, relative to its norm at the beginning:
            `moved`, the norm of the change, and `grew`, the norm at the end; see
            `callbacks.travel`. Empty until the training has ended.
        constant_loss: Loss of the best prediction that ignores the inputs; None: not known.
        onward: What training on would bring, see `experiments.onward`, and `behind`, whether a
            simple model is ahead where it brings nothing. Empty: not tried.
        first_layer: Of a first layer on images: `path`, `shape`, `pictures` of its weights, and
            how smooth they are; see `surgery.filters.facts`. Empty where there is none.
        outputs: Of each output on the probe, at the end: `spread` between rows, `scale`.
        predictions: What `PredictionDynamics` wrote.
        inputs: What `InputVisualizer` wrote.
        stopping: What `EarlyStopping` wrote.
        pictures: Pictures as plain data.
        notes: What is not watched, and why.
    """

    epochs: list[dict[str, float]] = field(default_factory=list)
    learning_rate: list[float | None] = field(default_factory=list)
    steps: list[int | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    waiting: list[dict[str, float]] = field(default_factory=list)
    weights: list[dict[str, dict[str, Any]]] = field(default_factory=list)
    activations: list[dict[str, Any]] = field(default_factory=list)
    first_bad: dict[str, Any] | None = None
    tail: list[float] = field(default_factory=list)
    bad_weights: list[str] = field(default_factory=list)
    unchanged: list[str] | None = None
    shapes: dict[str, list[int]] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    program: dict[str, Any] = field(default_factory=dict)
    penalty: float | None = None
    penalty_before: float | None = None
    travel: dict[str, dict[str, float]] = field(default_factory=dict)
    constant_loss: float | None = None
    onward: dict[str, Any] = field(default_factory=dict)
    first_layer: dict[str, Any] = field(default_factory=dict)
    outputs: list[dict[str, float]] = field(default_factory=list)
    predictions: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    stopping: dict[str, Any] = field(default_factory=dict)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def series(self, name: str) -> list[float]:
        """Return one log over the epochs that have it: `trace.series("val_loss")`."""
        return [logs[name] for logs in self.epochs if name in logs]

    @property
    def total_steps(self) -> int | None:
        """Optimizer steps made in all; None where not known."""
        known = [n for n in self.steps if n is not None]
        return sum(known) if len(known) == len(self.epochs) else None

    @property
    def layers(self) -> list[dict[str, dict[str, float]]]:
        """The numbers of `weights` by layer: roots of the sums of squares of its weights."""
        return [_by_layer(weights) for weights in self.weights]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data; NaN and infinities are strings."""
        return plain(dataclasses.asdict(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Trace:
        """Return the trace that `to_dict` wrote."""
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{k: _numbers(v) for k, v in data.items() if k in known})


def _numbers(value: Any) -> Any:
    """Return data with the strings that `plain` made of numbers turned back."""
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, Mapping):
        return {k: _numbers(v) for k, v in value.items()}
    return [_numbers(v) for v in value] if isinstance(value, list) else value


def _by_layer(weights: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    squares: dict[str, dict[str, float]] = {}
    for path, numbers in weights.items():
        layer = squares.setdefault(path.rpartition("/")[0] or path, {})
        for name in STATISTICS[:3]:
            layer[name] = layer.get(name, 0.0) + (numbers.get(name) or 0.0) ** 2
    return {
        layer: _ratio({n: math.sqrt(v) for n, v in s.items()}) for layer, s in squares.items()
    }


def _ratio(norms: dict[str, float]) -> dict[str, float]:
    weight = norms["weight_norm"]
    return {**norms, "update_ratio": norms["update_norm"] / weight if weight else math.nan}
