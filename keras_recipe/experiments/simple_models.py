"""What scikit-learn's simple models say of rows they were not fitted on."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeClassifier, RidgeCV
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from keras_recipe.core.errors import NotApplicable

NEIGHBOURS = 5
FOLDS = 3
FARTHEST = 10.0  # deviations; a feature of a held-out row counts for no more
NAMES = {
    ("linear", "classes"): "logistic regression",
    ("linear", "labels"): "ridge classifier",
    ("linear", "numbers"): "ridge regression",
    ("neighbours", "classes"): f"{NEIGHBOURS} nearest neighbours",
    ("neighbours", "labels"): f"{NEIGHBOURS} nearest neighbours",
    ("neighbours", "numbers"): f"{NEIGHBOURS} nearest neighbours",
}


def _made(kind: str, form: str) -> Any:
    """Return an unfitted model of a kind (`NAMES`) for a form of targets."""
    if kind == "neighbours":
        made = KNeighborsRegressor if form == "numbers" else KNeighborsClassifier
        return made(NEIGHBOURS)
    if form == "numbers":
        return RidgeCV(np.logspace(-3, 3, 7))
    return LogisticRegression(max_iter=100) if form == "classes" else RidgeClassifier()


def _scaled(features: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, spread = features.mean(0), features.std(0)
    live = spread > 1e-12
    parts = ((part[:, live] - mean[live]) / spread[live] for part in (features, asked))
    first, second = (np.clip(part, -FARTHEST, FARTHEST).astype("float64") for part in parts)
    return first, second


def answers(
    kind: str,
    form: str,
    features: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    asked: np.ndarray,
) -> np.ndarray:
    """Fit a simple model on some rows and return what it says of others.

    Args:
        kind: `"linear"` or `"neighbours"`.
        form: What the labels are: `"classes"` (class numbers `(rows,)`), `"labels"` (zeros and
            ones `(rows, labels)`) or `"numbers"` `(rows, units)`.
        features: `(rows, features)`.
        labels: In that form.
        weights: One a row; neighbours leave them out.
        asked: Features of the other rows.

    Returns:
        Predictions in the form of the labels.

    Raises:
        NotApplicable: scikit-learn cannot fit these rows.
    """
    known, new = _scaled(features, asked)
    fields = {} if kind == "neighbours" else {"sample_weight": weights}
    try:
        with warnings.catch_warnings():  # 100 iterations are as many as a baseline needs
            warnings.simplefilter("ignore")
            said = _made(kind, form).fit(known, labels, **fields).predict(new)
    except (ValueError, np.linalg.LinAlgError) as error:
        msg = f"a simple baseline cannot be fitted: {error}"
        raise NotApplicable(msg) from error
    return np.asarray(said).reshape(len(asked), *labels.shape[1:])


def crossed(
    kind: str,
    form: str,
    features: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    seed: int = 0,
) -> np.ndarray:
    """Return what a simple model says of each row when fitted on the other folds.

    Args:
        kind: As for `answers`.
        form: Likewise.
        features: Likewise.
        labels: Likewise.
        weights: Likewise.
        seed: Decides the folds.
    """
    split = (StratifiedKFold if form == "classes" else KFold)(
        FOLDS, shuffle=True, random_state=seed
    )
    said = np.zeros(labels.shape, labels.dtype)
    with warnings.catch_warnings():  # a class with fewer rows than folds
        warnings.simplefilter("ignore")
        folds = list(split.split(features, labels if form == "classes" else None))
    for rest, fold in folds:
        said[fold] = answers(
            kind, form, features[rest], labels[rest], weights[rest], features[fold]
        )
    return said
