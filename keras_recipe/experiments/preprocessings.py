"""The usual ways to prepare inputs, told from what comes in, and the other ones."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from keras_recipe.core.result import Fix
from keras_recipe.data.batch import Batch, mapped
from keras_recipe.data.recoding import change_inputs

FOLDS = 3
CAFFE = np.array([103.939, 116.779, 123.68])  # Keras's own means, blue first
TORCH_MEAN, TORCH_STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """One way to prepare inputs.

    Attributes:
        name: In words.
        code: One line of code, from what comes in now.
        apply: Makes it, on arrays `(rows, ...)`.
    """

    name: str
    code: str
    apply: Callable[[np.ndarray], np.ndarray]

    def in_float32(self, x: np.ndarray) -> np.ndarray:
        """Return inputs of any type prepared, as float32."""
        return self.apply(np.asarray(x, "float64")).astype("float32")

    def fix(self, **tried: Any) -> Fix:
        """Return the fix that prepares the inputs so, with what became of a measurement."""
        return Fix(
            text=f"Feed it inputs {self.name}, best by a layer inside the model.",
            code=f"x = {self.code}",
            data=partial(change_inputs, change=self.in_float32),
            tried=tried,
        )


def form_of(x: np.ndarray) -> str:
    """Return `"unit"` (0 to 1), `"signed"` (-1 to 1), `"bytes"` (0 to 255 or so), else `""`."""
    low, high = float(x.min()), float(x.max())
    if low >= 0:
        return "unit" if high <= 1.01 else "bytes"
    return "signed" if low >= -1.01 and high <= 1.01 else ""


def _top(x: np.ndarray) -> float:
    """Return the highest value that this kind of number has: 255 for pixels."""
    high = float(x.max())
    return 255.0 if 64 < high <= 255 else high


def _unit(form: str, top: float) -> tuple[Callable[[np.ndarray], np.ndarray], str]:
    """Return what brings inputs to 0 … 1, and its code."""
    if form == "signed":
        return (lambda x: (x + 1) / 2), "(x + 1) / 2"
    if form == "bytes":
        return (lambda x: x / top), f"x / {top:g}"
    return (lambda x: x), "x"


def _after(
    way: Callable[[np.ndarray], np.ndarray], to_unit: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: way(to_unit(x))


def preprocessings(x: np.ndarray) -> list[Preprocessing]:
    """Return the ways to prepare inputs other than the one they came in.

    Args:
        x: Rows of one input, by which their present form is known.
    """
    form, top = form_of(x), _top(x)
    top = top if form == "bytes" else 255.0
    to_unit, unit = _unit(form, top)
    colour = x.ndim == 4 and x.shape[-1] == 3
    made: list[tuple[str, str, str, Callable[[np.ndarray], np.ndarray]]] = []
    if form:
        made += [
            ("unit", "scaled to 0 … 1", unit, lambda u: u),
            ("signed", "scaled to -1 … 1", f"2 * ({unit}) - 1", lambda u: 2 * u - 1),
            ("bytes", f"scaled to 0 … {top:g}", f"{top:g} * ({unit})", lambda u: top * u),
            ("inverted", "inverted", f"1 - ({unit})", lambda u: 1 - u),
        ]
    if form and colour:
        made += [
            (
                "torch",
                "standardised as in torchvision",
                'imagenet_utils.preprocess_input(255 * x, mode="torch")',
                lambda u: (u - TORCH_MEAN) / TORCH_STD,
            ),
            (
                "caffe",
                "blue first, ImageNet's means subtracted",
                "keras.applications.resnet50.preprocess_input(255 * x)",
                lambda u: 255 * u[..., ::-1] - CAFFE,
            ),
            ("turned", "blue first", "x[..., ::-1]", lambda u: u[..., ::-1]),
        ]
    mean, std = x.mean(), x.std() or 1.0
    axes = tuple(range(x.ndim - 1)) or (0,)
    means, stds = x.mean(axes), np.where(x.std(axes) > 0, x.std(axes), 1.0)
    ways = [
        Preprocessing(name=name, code=code, apply=_after(way, to_unit))
        for key, name, code, way in made
        if key != form
    ]
    if colour and form:
        back = ways.pop()  # in the form it came, channels turned
        ways.append(Preprocessing(name=back.name, code=back.code, apply=lambda x: x[..., ::-1]))
    ways.append(
        Preprocessing(
            name="standardised",
            code="(x - x.mean()) / x.std()",
            apply=lambda x: (x - mean) / std,
        )
    )
    if x.shape[-1] > 1:
        ways.append(
            Preprocessing(
                name="standardised by feature",
                code="(x - x.mean(axes)) / x.std(axes)  # all axes but the last",
                apply=lambda x: (x - means) / stds,
            )
        )
    return ways


def prepared(batch: Batch, way: Preprocessing | None) -> Batch:
    """Return the same rows with other inputs; None leaves them as they are."""
    if way is None:
        return batch
    return batch.with_x(mapped(way.in_float32, batch.x))


def probed(
    features: Callable[[Batch], np.ndarray | None],
    rows: Batch,
    target: np.ndarray,
    ways: Sequence[Preprocessing | None],
    *,
    seconds: float,
) -> dict[Preprocessing | None, float]:
    """Return the share that a linear model explains from features, by preprocessing.

    The features are standardised first, so that it does not matter how large they are: what
    trains faster only because its numbers are larger is no better here.

    Args:
        features: Gives the features of some rows, `(rows, ...)`; None where it cannot.
        rows: Rows of inputs.
        target: Class number of each.
        ways: What to try, in order; None is the inputs as they are.
        seconds: Time after which nothing further is tried.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    began = time.perf_counter()
    counts = np.unique(target, return_counts=True)[1]
    found: dict[Preprocessing | None, float] = {}
    if len(counts) < 2 or counts.min() < FOLDS:
        return found
    chance, folds = counts.max() / counts.sum(), StratifiedKFold(FOLDS)
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    for way in ways:
        if found and time.perf_counter() - began > seconds:
            break
        made = features(prepared(rows, way))
        if made is None or not np.isfinite(made).all():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it need not converge to be compared
            right = cross_val_score(linear, made.reshape(len(made), -1), target, cv=folds)
        found[way] = float((right.mean() - chance) / (1 - chance))
    return found
