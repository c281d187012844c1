"""Scores on held-out rows, higher is better: how `verify` knows sick from healthy."""

from __future__ import annotations

import numpy as np

BROKEN = -9.0


def _scored(x, measure):
    def score(model):
        p = model.predict(x, batch_size=64, verbose=0)
        if isinstance(p, dict | list):
            return float(measure(p))
        p = np.asarray(p, "float64")
        return float(measure(p)) if np.all(np.isfinite(p)) else BROKEN

    return score


def own(x, measure):
    """Score by `measure(predictions)`."""
    return _scored(x, measure)


def classes_of(p):
    """Class numbers of predictions or one-hot labels."""
    p = np.asarray(p)
    if p.ndim > 1 and p.shape[-1] > 1:
        return p.argmax(-1)
    return (p.reshape(len(p), -1)[:, 0] > 0.5).astype(int)


def accuracy(x, y):
    """Share of right classes; `y` holds class numbers, of rows or of tokens."""
    t = np.asarray(y)
    t = t[..., 0] if t.ndim > 1 and t.shape[-1] == 1 else t

    def measure(p):
        p = p[..., 0] > 0.5 if p.shape[-1] == 1 and p.ndim > 1 else p
        return np.mean((p.argmax(-1) if p.ndim > t.ndim else p > 0.5) == t)

    return _scored(x, measure)


def balanced(x, y):
    """Mean recall of the classes."""
    t = np.asarray(y).ravel().astype(int)

    def measure(p):
        h = classes_of(p)
        return np.mean([np.mean(h[t == c] == c) for c in np.unique(t)])

    return _scored(x, measure)


def r2(x, y):
    """Share of the variance explained, floored at -2."""
    t = np.asarray(y, "float64")

    def measure(p):
        q = t.reshape(p.shape) if t.size == p.size else np.broadcast_to(t, p.shape)
        rest = np.mean((q - p) ** 2) / np.mean((q - q.mean(0)) ** 2)
        return max(-2.0, 1 - rest)

    return _scored(x, measure)


def log_likelihood(x, y):
    """Mean log of the probability given to the right class."""
    t = np.asarray(y).astype(int)

    def measure(p):
        p = np.clip(p, 1e-6, 1 - 1e-6)
        if p.shape[-1] == 1:
            return np.mean(np.log(np.where(t.reshape(p.shape) == 1, p, 1 - p)))
        return np.mean(np.log(np.take_along_axis(p, t[..., None], -1)))

    return _scored(x, measure)


def f1(x, y):
    """Mean F1 of the labels at 0.5."""
    t = np.asarray(y) > 0.5

    def measure(p):
        h = p > 0.5
        axes = tuple(range(t.ndim - 1))
        hits = (h & t).sum(axes)
        return np.mean(2 * hits / np.maximum(h.sum(axes) + t.sum(axes), 1))

    return _scored(x, measure)


def honest(name, best):
    """Minus the distance of the last reported metric `name` from `best(model)`, the truth."""

    def score(model):
        logs = getattr(model, "history", None)
        shown = logs.history[name][-1]
        return -abs(float(shown) - best(model))

    return score


def balanced_pixels(x, y):
    """Mean recall of the classes over all pixels or tokens."""
    t = np.asarray(y)

    def measure(p):
        h = p.argmax(-1)
        return np.mean([np.mean(h[t == c] == c) for c in np.unique(t)])

    return _scored(x, measure)
