"""Inputs far from unit scale, and the same brought to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.data.batch import Batch, leaves, names
from keras_recipe.surgery.entrances import seen_by

_SAME_UNIT = 0.8  # share of columns with one smallest value from which on they are one quantity
_TABLE = 4  # so few columns are never one quantity
_UNEVEN = 100.0  # largest deviation over the median one: less than 1 % of what a unit sums up
_ROWS = 256  # rows followed into the network


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """The scale of one input where the network first gives it weights.

    Attributes:
        index: Place of the input among the flattened ones.
        path: Path of that layer; `""` when not known.
        mean: Mean there, of each feature (tables) or channel (the rest).
        std: Standard deviation of each; 1 for constant ones.
        spread: Standard deviation around these means, over everything there.
        length: Root mean square length of a row around them: what a unit sums up.
        varies: Which features vary at all.
        slope, intercept: `slope * x + intercept`, by feature, brings the raw input to mean 0
            and deviation 1 there.
    """

    index: int
    path: str
    mean: np.ndarray
    std: np.ndarray
    spread: float
    length: float
    varies: np.ndarray
    slope: np.ndarray
    intercept: np.ndarray

    @property
    def size(self) -> float:
        """The largest absolute mean or deviation of a feature."""
        return float(max(np.abs(self.mean).max(), self.std.max()))

    @property
    def text(self) -> str:
        """Mean and deviation of the largest feature in words."""
        place = int(np.argmax(np.abs(self.mean) + self.std))
        which = f" in feature {place}" if len(self.mean) > 1 else ""
        text = f"mean {self.mean[place]:.3g} and deviation {self.std[place]:.3g}{which}"
        half = f" (half of the features: at most {self.middle:.2g})" if self.is_uneven else ""
        return text + half

    @property
    def middle(self) -> float:
        """The median deviation of the features that vary."""
        return float(np.median(self.std[self.varies]))

    @property
    def is_uneven(self) -> bool:
        """Whether one feature of a table drowns most others."""
        varying = self.std[self.varies]
        return len(varying) > _TABLE and float(varying.max()) > _UNEVEN * self.middle

    @property
    def facts(self) -> dict[str, Any]:
        """Plain numbers, of at most 50 features."""
        mean, std = ([float(v) for v in a[:50]] for a in (self.mean, self.std))
        return {"mean": mean, "std": std, "spread": self.spread, "layer": self.path}

    def name(self, x: Any) -> str:
        """Return how messages call this input of `x`."""
        return names(x, "x")[self.index]

    def is_far(self, largest: float, smallest: float) -> bool:
        """Whether some feature is large, or most are small beside it, or all together are.

        One-hot rows are not.
        """
        small = self.spread < smallest and self.length < 10 * smallest
        return self.size > largest or small or self.is_uneven


def _columns(values: np.ndarray) -> np.ndarray:
    width = values.shape[-1] if values.ndim > 1 else 1
    return values.astype("float64").reshape(-1, width)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation by column; pixels and counts in a table are one quantity."""
    flat = _columns(values)
    lows, whole = flat.min(0), float(np.ptp(flat))
    alike = np.abs(lows - np.median(lows)) <= 1e-5 * whole  # rounding of layers on the way
    shared = len(lows) > _TABLE and alike.mean() >= _SAME_UNIT
    if shared and values.ndim == 2:
        mean, std = np.full(len(lows), flat.mean()), np.full(len(lows), flat.std())
    else:
        mean, std = flat.mean(0), flat.std(0)
    return mean, np.where(std > 1e-12 * np.abs(mean), std, 1.0)


def _change_of_scale(raw: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return gain and offset by column where `seen` is `gain * raw + offset`."""
    if raw.shape != seen.shape:
        return None
    before, after = _columns(raw), _columns(seen)
    low, high, column = before.argmin(0), before.argmax(0), np.arange(before.shape[1])
    way = before[high, column] - before[low, column]
    rise = after[high, column] - after[low, column]
    gain = np.where(way > 0, rise / np.where(way > 0, way, 1.0), 1.0)
    offset = after[low, column] - gain * before[low, column]
    error = np.abs(gain * before + offset - after).max(0)
    exact = error <= 1e-4 * np.maximum(np.abs(after).max(0), 1e-30)
    return (gain, offset) if exact.all() and (gain != 0).all() else None


def scale_of(index: int, raw: np.ndarray, seen: np.ndarray, path: str) -> Scale | None:
    """Return the scale of one input.

    Args:
        index: Its place among the flattened inputs.
        raw: Rows as `fit` gets them.
        seen: The same rows at the first layer with weights.
        path: Path of that layer; `""` when not known.

    Returns:
        None when nothing varies.
    """
    mean, std = _moments(seen)
    spread = float(np.sqrt(np.mean((_columns(seen) - mean) ** 2)))
    if not spread or not np.isfinite([*mean, spread]).all():
        return None
    change = _change_of_scale(raw, seen)
    if change is None:  # something else happens on the way: standardise what `fit` gets
        raw_mean, raw_std = _moments(raw)
        slope, intercept = 1 / raw_std, -raw_mean / raw_std
    else:
        gain, offset = change
        slope, intercept = 1 / std, ((offset - mean) / std - offset) / gain
    return Scale(
        index=index,
        path=path,
        mean=mean,
        std=std,
        spread=spread,
        length=spread * float(np.sqrt(seen[0].size)),
        varies=np.ptp(_columns(seen), axis=0) > 0,
        slope=slope,
        intercept=intercept,
    )


def rescaled(x: Any, scales: Sequence[Scale]) -> Any:
    """Return inputs with those of `scales` standardised and the others as they are."""
    flat = keras.tree.flatten(x)
    for scale in scales:
        raw = flat[scale.index].astype("float64")
        slope, intercept = (
            part if raw.ndim > 1 else part[0] for part in (scale.slope, scale.intercept)
        )
        flat[scale.index] = (raw * slope + intercept).astype("float32")
    return keras.tree.pack_sequence_as(x, flat)


def input_scales(model: Any, sample: Batch) -> list[Scale]:
    """Return the scale of each input as the network sees it.

    Tokens, text and inputs that a BatchNormalization, LayerNormalization or the like meets
    first have none.
    """
    rows = sample.take(slice(0, _ROWS))
    raw, met = leaves(rows.x), seen_by(model, rows.x)
    found = []
    for index, array in enumerate(raw):
        entrance = met.entrances[index] if met else None
        if array.dtype.kind in "biuf" and (entrance is None or entrance.kind == "kernel"):
            seen, path = (entrance.values, entrance.path) if entrance else (array, "")
            found.append(scale_of(index, array, seen, path))
    return [scale for scale in found if scale is not None]
