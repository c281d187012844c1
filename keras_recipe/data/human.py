"""What a person said of a random sample, twice: kept as JSON, read back, and scored."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves

FOLDER = "runs/human"
ROUNDS = 2


def fingerprint(rows: Batch) -> str:
    """Return a short name for some rows: equal for equal inputs and targets."""
    digest = hashlib.blake2b(digest_size=6)
    for part in (rows.x, rows.y):
        for leaf in leaves(part):
            array = np.asarray(leaf)
            text = array.dtype.kind in "OSUT"
            digest.update(repr(array.tolist()).encode() if text else array.tobytes())
    return digest.hexdigest()


@dataclass(kw_only=True)
class Answers:
    """One session of labelling.

    Attributes:
        data: `fingerprint` of the rows that the sample was drawn from.
        split: `"training"` or `"validation"`.
        classes: Name of each class.
        rows: Places of the sample's rows among those of the split.
        truth: Class of each of them by the data's own label.
        order: Places in `rows`, in the order they are asked; each occurs twice.
        said: Class that was answered, as far as it went.
        seconds: Time each answer took.
    """

    data: str = ""
    split: str = ""
    classes: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    truth: list[int] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether every row was labelled twice."""
        return len(self.said) >= len(self.order) > 0

    def by_round(self) -> list[dict[int, int]]:
        """Return the answers of each round, by place in `rows`."""
        found: list[dict[int, int]] = [{} for _ in range(ROUNDS)]
        for place, label in zip(self.order, self.said, strict=False):
            first = place not in found[0]
            found[0 if first else 1][place] = label
        return found

    def accuracies(self) -> list[float]:
        """Return the share of answers like the data's label, of each round begun."""
        return [
            float(np.mean([label == self.truth[place] for place, label in one.items()]))
            for one in self.by_round()
            if one
        ]

    def kappa(self) -> float:
        """Return Cohen's kappa between the rounds: 1 agrees, 0 is chance; NaN if not known."""
        from sklearn.metrics import cohen_kappa_score

        first, second = self.by_round()
        both = sorted(second)
        if len(both) < ROUNDS:
            return float("nan")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one class only: NaN says so
            return float(cohen_kappa_score([first[p] for p in both], [second[p] for p in both]))

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"schema_version": 1, **asdict(self)}), encoding="utf-8")
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Answers:
        """Read what `save` wrote.

        Raises:
            InputError: The file is not that.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            known = {key: data[key] for key in cls.__dataclass_fields__}
            made = cls(**known)
            made.by_round()
            fits = len(made.rows) == len(made.truth) and len(made.said) == len(made.seconds)
            inside = all(0 <= place < len(made.rows) for place in made.order)
        except (OSError, ValueError, TypeError, KeyError) as error:
            msg = f"{str(path)!r} is not a file of `keras-recipe label` ({error!r})."
            raise InputError(msg) from error
        if not (fits and inside and len(made.said) <= len(made.order)):
            msg = f"{str(path)!r} contradicts itself; label again into another file."
            raise InputError(msg)
        return made


def new_answers(
    split: str, rows: Batch, truth: np.ndarray, classes: list[str], count: int, seed: int
) -> Answers:
    """Return an empty session on a random sample, each row twice, in two orders.

    Args:
        split: Where the rows are from.
        rows: Rows to draw from.
        truth: Class number of each.
        classes: Names of the classes.
        count: Most rows to draw.
        seed: Decides sample and orders.
    """
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(rows))[:count])
    order = [int(p) for _ in range(ROUNDS) for p in random.permutation(len(chosen))]
    return Answers(
        data=fingerprint(rows),
        split=split,
        classes=classes,
        rows=[int(i) for i in chosen],
        truth=[int(truth[i]) for i in chosen],
        order=order,
    )


def find(place: Path, samples: Mapping[str, Batch]) -> Answers:
    """Return the answers that belong to one of these samples; empty ones if there are none.

    Args:
        place: A file of `keras-recipe label`, or the folder of them.
        samples: Rows by split.

    Raises:
        InputError: A file was named and cannot be read.
    """
    known = {fingerprint(rows) for rows in samples.values()} if place.exists() else set()
    if place.is_file():
        made = Answers.load(place)
        return made if made.data in known else Answers()
    paths: list[Any] = [place / f"{name}.json" for name in sorted(known)]
    return next((Answers.load(path) for path in paths if path.is_file()), Answers())
