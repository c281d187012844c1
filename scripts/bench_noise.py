"""What is told of labels and of the needs of an architecture: parts of `scripts/bench.py data`.

bench.py data flips [0.03]   so many of Fashion-MNIST's labels flipped: how they are ranked
bench.py data raters [5]     one rater's word against the mean of 20 (film snippets), 5 draws
bench.py data probes [20]    KR115-KR118 on 20 sets of each kind whose needs are known
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

FIRST = 0.06  # of the ranking in which the flips are looked for
FOUND = 0.85  # bar: share of the flips found there
FACTOR = 1.5  # bar: of an estimated share of wrong labels over the true one, or under it
RIGHT = 0.95  # bar: share of the sets of a kind of which the truth is said
RATE = 0.03  # of flips
SIDE, ROWS = 16, 400  # of the pictures made
SNIPPETS = ("movieReviewSnippets_anonDataRatings.txt", "movieReviewSnippets_GroundTruth.txt")


def _said(p: np.ndarray, given: np.ndarray, flipped: np.ndarray) -> str:
    """Return how many flips the first 6 % of each ranking hold."""
    from keras_recipe.data.label_noise import confident_learning

    most, told = int(FIRST * len(given)), []
    orders = {"ours": confident_learning(p, given).suspects}
    if importlib.util.find_spec("cleanlab"):
        scores_of = importlib.import_module("cleanlab.rank").get_label_quality_scores
        for method in ("self_confidence", "normalized_margin"):
            for adjusted in (False, True):
                scores = scores_of(given, p, method=method, adjust_pred_probs=adjusted)
                name = f"cleanlab {method}{' adjusted' * adjusted}"
                orders[name] = np.argsort(scores, kind="stable")
    for name, order in orders.items():
        told.append(f"{name} {flipped[order[:most]].sum() / flipped.sum():.3f}")
    return ", ".join(told)


def flips(rate: float) -> None:
    """Print how many flipped labels of Fashion-MNIST are among the first 6 % ranked."""
    from keras_recipe.data.batch import Batch
    from keras_recipe.data.every_row import told_of_every_row
    from keras_recipe.data.label_noise import confident_learning
    from keras_recipe.data.surest import told_by_the_surest

    x, y = importlib.import_module("bench_data").fashion_mnist()[0]
    for share in (rate, 0.0):
        random = np.random.default_rng(1)
        flipped = random.random(len(y)) < share
        labels = np.where(flipped, (y + random.integers(1, 10, len(y))) % 10, y).astype("int32")
        whole = Batch(x, labels)
        sample = whole.take(np.sort(random.permutation(len(x))[:1024]))
        start = time.perf_counter()
        told = told_of_every_row(whole, sample, 0)
        seconds = time.perf_counter() - start
        p, given = told.probabilities, told.given
        right = (p.argmax(1) == y).mean()
        estimate = told_by_the_surest(p, given)
        print(
            f"{share:.0%} flipped: {seconds:.1f} s, {right:.1%} of the true labels predicted, "
            f"confident learning says {confident_learning(p, given).rate:.1%}, the surest "
            f"rows {estimate}"
        )
        if share:
            print(
                f"  of the flips in the first {FIRST:.0%} (bar {FOUND}): "
                f"{_said(p, given, flipped)}"
            )


def raters(draws: float) -> None:
    """Print what is estimated of one rater's errors, against the mean of all raters."""
    from keras_recipe.data.batch import Batch
    from keras_recipe.data.every_row import told_of_every_row
    from keras_recipe.data.label_noise import confident_learning
    from keras_recipe.data.surest import told_by_the_surest
    from keras_recipe.without_model import look

    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    lines = [
        [
            row.split("\t")
            for row in (folder / "datasets/vaderSentiment" / name)
            .read_text("utf-8")
            .splitlines()
        ]
        for name in SNIPPETS
    ]
    people = [json.loads(row[3]) for row in lines[0]]
    words = np.array([row[2] for row in lines[1]])
    truth = np.array([np.mean(row) > 0 for row in people], "int32")
    for seed in range(int(draws)):
        random = np.random.default_rng(seed)
        given = np.array([random.choice(row) > 0 for row in people], "int32")
        whole = Batch(words, given)
        start = time.perf_counter()
        told = told_of_every_row(whole, whole.take(np.arange(1024)), 0)
        seconds = time.perf_counter() - start
        p, wrong = told.probabilities, float((given != truth).mean())
        pairs = np.array([random.choice(row, 2, replace=False) > 0 for row in people], "int32")
        twice = look(np.repeat(words, 2), pairs.ravel(), select=["KR103"])["KR103"].evidence
        missed = float((pairs != truth[:, None]).mean())
        print(
            f"seed {seed}: {wrong:.1%} of the labels are wrong; {seconds:.1f} s, "
            f"{(p.argmax(1) == truth).mean():.1%} of the true labels predicted; confident "
            f"learning says {confident_learning(p, told.given).rate:.1%}, the surest rows "
            f"{told_by_the_surest(p, told.given)}; two people a snippet: {missed:.2%} wrong, "
            f"KR103 says {twice['wrong_labels']:.2%} "
            f"({twice['wrong_labels'] / missed:.2f} times; bar within 1.5)"
        )


def _stripes(random: np.random.Generator, side: int, period: int, axis: int) -> np.ndarray:
    """Return a picture of stripes at a random phase."""
    place = np.indices((side, side))[axis] + random.integers(0, period)
    return np.where(place % period < period / 2, 1.0, -1.0)


def textures(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stripes that lie or stand, in a window at any place: the texture tells, not the place."""
    random = np.random.default_rng(seed)
    y, side = random.integers(0, 2, ROWS), SIDE * (1 + seed % 2)
    x = 0.3 * random.normal(size=(ROWS, side, side))
    for row, (top, left) in enumerate(random.integers(0, side // 2, (ROWS, 2))):
        window = _stripes(random, side // 2, 4, y[row])
        x[row, top : top + side // 2, left : left + side // 2] += window
    return x[..., None].astype("float32"), y


def arrows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrows to the left or to the right, at any place: no single pixel tells, a head does."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, ROWS)
    x = 0.2 * random.normal(size=(ROWS, SIDE, SIDE))
    arrow = np.zeros((3, 7))
    arrow[1] = 1
    arrow[[0, 2], 1] = 1
    for row, (top, left) in enumerate(random.integers(0, (SIDE - 2, SIDE - 6), (ROWS, 2))):
        drawn = arrow[:, ::-1] if y[row] else arrow
        x[row, top : top + 3, left : left + 7] += 2 * drawn
    return x[..., None].astype("float32"), y


def parity(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sixteen lamps, light or dark; the label is whether an odd number is light.

    Each is so by a different amount: the sum does not tell, and all must be seen.
    """
    random = np.random.default_rng(seed)
    lamps = random.integers(0, 2, (ROWS, 4, 4))
    shades = (2 * lamps - 1) * random.uniform(0.5, 1.5, lamps.shape)
    x = np.kron(shades, np.ones((1, SIDE // 4, SIDE // 4)))
    x = x + 0.1 * random.normal(size=x.shape)
    return x[..., None].astype("float32"), lamps.sum((1, 2)) % 2


def detail(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with or without a board of single pixels, which half the size averages away."""
    random = np.random.default_rng(seed)
    side = SIDE * (1 + seed % 2)
    y = random.integers(0, 2, ROWS)
    board = np.indices((side, side)).sum(0) % 2 * 2 - 1
    x = random.normal(size=(ROWS, side, side))
    x += 0.7 * (y * random.choice([-1, 1], ROWS))[:, None, None] * board
    return x[..., None].astype("float32"), y


def _probed(x: np.ndarray, y: np.ndarray, codes: Sequence[str]) -> dict[str, str]:
    """Return status and words of some checks, experiments included."""
    import keras

    from keras_recipe import checks
    from keras_recipe.core.errors import NotApplicable
    from keras_recipe.subject import Subject

    known = checks.load()
    head = keras.layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Flatten(), head])
    model.compile("adam", "sparse_categorical_crossentropy")
    subject, found = Subject(model, x, y), {}
    for code in codes:
        check = known[code]
        try:
            row = check(*[subject.need(name) for name in check.needs])
            found[code] = f"{row.status}: {row.message}"
        except NotApplicable as reason:
            found[code] = f"skip: {reason}"
    return found


#: What must be in the words of a check, and what must not be.
TRUTHS: dict[str, tuple[Callable[[int], tuple[np.ndarray, np.ndarray]], dict[str, Any]]] = {
    "textures": (
        textures,
        {"KR115": "any place tell as much", "KR116": "do not matter", "KR118": "pass"},
    ),
    "arrows": (
        arrows,
        {"KR115": "any place tell as much", "KR116": "do not matter", "KR118": "pass"},
    ),
    "parity": (
        parity,
        {"KR115": "skip", "KR116": "best order of axes", "KR117": "skip", "KR118": "warn"},
    ),
    "detail": (detail, {"KR117": "do not downsample", "KR118": "pass"}),
}


def probes(sets: float) -> None:
    """Print how often the probes say what is true of data made for it."""
    for name, (make, truths) in TRUTHS.items():
        right, start = 0, time.perf_counter()
        for seed in range(int(sets)):
            x, y = make(seed)
            found = _probed(x, y, list(truths))
            wrong = {
                code: found[code] for code, said in truths.items() if said not in found[code]
            }
            if name == "arrows" and "width 1 at any" in found.get("KR115", ""):
                wrong["KR115"] = found["KR115"]
            right += not wrong
            if wrong:
                print(f"  {name}, seed {seed}: {wrong}")
        print(
            f"{name}: right on {right} of {int(sets)} (bar {RIGHT:.0%}), "
            f"{time.perf_counter() - start:.0f} s"
        )


#: By name; each may be given one number.
PARTS: dict[str, tuple[Callable[[float], None], float]] = {
    "flips": (flips, RATE),
    "raters": (raters, 5),
    "probes": (probes, 20),
}


def run(name: str, number: str = "") -> None:
    """Run one part: with a rate of flips, a number of draws, or of sets of each kind."""
    part, usual = PARTS[name]
    part(float(number) if number else usual)
