"""What more data brings: trainings on nested parts of the rows, a power law through them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from scipy import optimize, stats

from keras_recipe.core.result import plain
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.journal import journal
from keras_recipe.experiments.moves_training import stopping
from keras_recipe.experiments.noise import CONFIDENCE, Gain, paired_gain
from keras_recipe.experiments.trial_move import Move
from keras_recipe.experiments.trial_record import TrialRecord
from keras_recipe.experiments.trial_run import Trial
from keras_recipe.experiments.trial_workers import run_all

PARTS = (8, 4, 2, 1)  # of the rows: four sizes, one more than the law has numbers
FEWEST = 16  # rows of the smallest part; with fewer it is left out
STEEPEST = 2.0  # exponent: Hestness et al. 2017 measure 0.07 to 0.35, theory knows up to 1
REFITS = 200  # bootstrap samples: five beyond each end of a 95 % interval


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """Loss of `n` rows: `scale * (n / rows) ** -exponent + floor`.

    Attributes:
        scale: Loss above the floor with all rows.
        exponent: How steeply it falls.
        floor: What no amount of rows takes away.
        doubling: Share of the loss that twice the rows should take away.
        interval: Where that lies with 95 % confidence (bootstrap of the residuals).
    """

    scale: float
    exponent: float
    floor: float
    doubling: float
    interval: tuple[float, float]

    def loss(self, share: Any) -> Any:
        """Return the loss for a share of the rows (2: twice as many)."""
        return _law(np.asarray(share, "float64"), self.scale, self.exponent, self.floor)


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """Loss by number of rows.

    Attributes:
        sizes: Rows trained on, ascending; each part holds the one before it.
        records: The trainings of each size, one a seed.
        law: The power law through them; None where there is none.
        reason: Why there is none; `""` where there is one.
    """

    sizes: tuple[int, ...]
    records: tuple[tuple[TrialRecord, ...], ...]
    law: PowerLaw | None
    reason: str

    def scores(self, place: int, *, train: bool = False) -> list[float]:
        """Return the losses of one size, by seed; NaN where a training failed."""
        found = [r.train_score if train else r.score for r in self.records[place]]
        return [math.nan if score is None else float(score) for score in found]

    @property
    def last(self) -> Gain | None:
        """What the last doubling brought; None where it was not measured."""
        return _gain(self, -2, -1) if len(self.sizes) > 1 else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        law = None
        if self.law is not None:
            law = {**vars(self.law), "interval": list(self.law.interval)}
        data: dict[str, Any] = plain(
            {
                "sizes": list(self.sizes),
                "losses": [self.scores(place) for place in range(len(self.sizes))],
                "train_losses": [self.scores(p, train=True) for p in range(len(self.sizes))],
                "law": law,
                "reason": self.reason,
            }
        )
        return data


def learning_curve(
    trial: Callable[[Sequence[Move], int], Trial],
    rows: Batch,
    seeds: Sequence[int],
    *,
    journal_file: Path | None = None,
    header: Mapping[str, Any] | None = None,
    parallel: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> LearningCurve:
    """Train on an eighth, a quarter, half and all of the rows, each with the same seeds.

    A seed decides one order of the rows; a part is its beginning, so that larger parts hold
    the smaller ones. Every training makes as many steps and ends with its best weights: else
    the smallest part would be judged by how badly it overfits.

    Args:
        trial: Makes a training of some moves and a seed: `Ladder.trial`.
        rows: All training rows.
        seeds: At least two.
        journal_file: Where the trainings are kept, to go on from.
        header: What they depend on.
        parallel: As in `run_all`.
        progress: Called with a text before the trainings.
    """
    sizes = sorted({len(rows) // part for part in PARTS if len(rows) // part >= FEWEST})
    trials = []
    for size in sizes:
        move = Move(name=f"{size} rows", text=f"trained on {size} rows", fit=stopping())
        for seed in seeds:
            order = np.random.default_rng((seed, 0)).permutation(len(rows))
            part = rows.take(np.sort(order[:size]))
            trials.append(replace(trial((move,), seed), train=part))
    given = {"learning curve": sizes, "seeds": list(seeds), "data": joblib.hash(rows.parts())}
    with journal(journal_file, {**given, **(header or {})}) as known:
        missing = [one for one in trials if one.key not in known.records]
        if missing:
            progress(f"learning curve: {len(missing)} trainings on {sizes} rows")
        for record in run_all(missing, parallel):
            known.add(record)
        found = [known.records[one.key] for one in trials]
    each = len(seeds)
    records = tuple(tuple(found[i * each : (i + 1) * each]) for i in range(len(sizes)))
    curve = LearningCurve(sizes=tuple(sizes), records=records, law=None, reason="")
    law, reason = fitted(curve)
    return replace(curve, law=law, reason=reason)


def _gain(curve: LearningCurve, first: int, second: int) -> Gain | None:
    pairs = zip(curve.scores(first), curve.scores(second), strict=True)
    whole = [pair for pair in pairs if np.isfinite(pair).all()]
    if len(whole) < 2:
        return None
    before, after = zip(*whole, strict=True)
    return paired_gain(before, after)


def _law(share: Any, scale: float, exponent: float, floor: float) -> Any:
    return scale * share**-exponent + floor


def fitted(curve: LearningCurve) -> tuple[PowerLaw | None, str]:
    """Return the law through a curve, or why there is none.

    Args:
        curve: Its trainings.
    """
    if len(curve.sizes) < len(PARTS):
        return None, f"{len(curve.sizes)} sizes are too few to fit a law of three numbers to"
    scores = np.array([curve.scores(place) for place in range(len(curve.sizes))])
    if not np.isfinite(scores).all() or not (scores > 0).all():
        return None, "a training failed, or a loss is not positive"
    share = np.repeat(np.array(curve.sizes) / curve.sizes[-1], scores.shape[1])
    # few rows are a matter of luck: all sizes say together whether the loss falls
    line = stats.linregress(np.log(share), np.log(scores.ravel()))
    width = stats.t.ppf((1 + CONFIDENCE) / 2, len(share) - 2) * line.stderr
    if not line.slope + width < 0:
        return None, "from the fewest to all rows the loss does not fall beyond the noise"
    first = _least_squares(share, scores.ravel())
    if first is None:
        return None, "no power law runs through the losses"
    smooth = _law(share, *first)
    freed = math.sqrt(len(share) / (len(share) - len(first)))
    residuals = freed * np.log(scores.ravel() / smooth)
    random, gains = np.random.default_rng(0), []
    for _ in range(REFITS):
        drawn = smooth * np.exp(random.choice(residuals, len(share)))
        again = _least_squares(share, drawn)
        if again is not None:
            gains.append(_doubling(again))
    if len(gains) < CONFIDENCE * REFITS:
        return None, "the power law is not stable: other noise of the same size gives none"
    ends = np.quantile(gains, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    scale, exponent, floor = (float(v) for v in first)
    law = PowerLaw(
        scale=scale,
        exponent=exponent,
        floor=floor,
        doubling=_doubling(first),
        interval=(float(ends[0]), float(ends[1])),
    )
    return law, ""


def _doubling(numbers: Sequence[float]) -> float:
    """Return the share of the loss that twice the rows take away."""
    now, then = (float(_law(share, *numbers)) for share in (1.0, 2.0))
    return 1 - then / now


def _least_squares(share: np.ndarray, losses: np.ndarray) -> Sequence[float] | None:
    lowest, highest = float(losses.min()), float(losses.max())
    begin = (max(highest - lowest, 1e-6 * lowest) / 2, 0.5, lowest / 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optimize.OptimizeWarning)
            found, _ = optimize.curve_fit(
                _law,
                share,
                losses,
                begin,
                sigma=losses,  # noise is a share of the loss, as in `paired_gain`
                bounds=([0, 0, 0], [np.inf, STEEPEST, lowest]),
            )
    except (RuntimeError, ValueError):  # no convergence, numbers out of reach
        return None
    return [float(v) for v in found]
