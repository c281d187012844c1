"""What every row is, as a hash: exact copies are found over everything, in bounded memory."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from keras_recipe.data.batch import Batch, leaves

MOST = (
    2**21
)  # rows kept, 24 bytes each; of more, those whose hash is small, so copies stay together
PIECE = 2**20  # elements cast at a time
BYTE = 255
LOOKED_AT = 8  # columns that tell most rows of other numbers from rows of bytes
_EXACT = 2  # bytes of the largest whole numbers that float32 holds exactly


def _as_seen(leaf: np.ndarray) -> np.ndarray:
    """Return numbers as Keras casts them, so that float64 and float32 copies are equal."""
    if leaf.dtype.kind in "iu" and leaf.dtype.itemsize > _EXACT:
        return np.ascontiguousarray(leaf, "float64")
    with np.errstate(over="ignore"):
        made = np.array(leaf, "float32", order="C")
    made += 0.0  # -0.0 becomes 0.0 ...
    made[np.isnan(made)] = np.nan  # ... and NaN one pattern of bits
    return made


def _bytes_of_rows(leaf: np.ndarray) -> list[memoryview | bytes]:
    if leaf.dtype.kind in "US":
        words = leaf.reshape(len(leaf), -1).astype(str).tolist()
        return ["\x1f".join(row).encode() for row in words]
    wide = np.ascontiguousarray(leaf).reshape(len(leaf), -1)
    if not wide.shape[1]:
        return [b""] * len(leaf)
    if leaf.dtype.kind == "b" or leaf.dtype == np.uint8:
        return _cut(wide)
    seen = _as_seen(wide)
    short = _are_bytes(seen)
    if not short.any():
        return _cut(seen)
    narrow = iter(_cut(seen[short].astype("uint8")))
    return [next(narrow) if few else row for few, row in zip(short, _cut(seen), strict=True)]


def _cut(rows: np.ndarray) -> list[memoryview | bytes]:
    size = rows.shape[1] * rows.itemsize
    flat = memoryview(rows.data).cast("B")
    return [flat[i : i + size] for i in range(0, len(flat), size)]


def _are_bytes(seen: np.ndarray) -> np.ndarray:
    """Return which rows are whole numbers from 0 to 255: a quarter of them to be hashed."""
    some = seen[:, :: max(1, seen.shape[1] // LOOKED_AT)]
    found = ((some >= 0) & (some <= BYTE) & (some == np.rint(some))).all(1)
    if found.any():
        with np.errstate(invalid="ignore"):
            found[found] = (seen[found].astype("uint8") == seen[found]).all(1)
    return np.asarray(found)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Return single numbers as 64 mixed bits, different for different numbers."""
    bits = np.asarray(values, "float64").view("uint64")
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(31))


def _digest(row: memoryview | bytes) -> bytes:
    return hashlib.sha1(row, usedforsecurity=False).digest()[:8]


def row_hashes(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return 64 bits a row, equal for rows with equal contents whatever their dtype.

    Args:
        arrays: Arrays `(rows, ...)` that make up the rows together; at least one.

    Returns:
        uint64 `(rows,)`; two different rows are equal once in 2^64.
    """
    rows = len(arrays[0])
    if len(arrays) == 1 and arrays[0].size == rows and arrays[0].dtype.kind in "biuf":
        return _mixed(_as_seen(arrays[0]).reshape(rows))
    widest = max(math.prod(a.shape[1:]) for a in arrays)
    step = max(1, PIECE // max(widest, 1))
    found = []
    for start in range(0, rows, step):
        parts = [_bytes_of_rows(a[start : start + step]) for a in arrays]
        if len(parts) == 1:
            found += [_digest(row) for row in parts[0]]
        else:
            found += [_digest(b"".join(map(_digest, row))) for row in zip(*parts, strict=True)]
    return np.frombuffer(b"".join(found), "uint64")


def both_hashes(x: np.ndarray, targets: Sequence[np.ndarray]) -> np.ndarray:
    """Return the hashes of inputs and targets together, from those of the inputs."""
    return x ^ (row_hashes(targets) * np.uint64(3)) if targets else x


@dataclass(eq=False)
class Contents:
    """The hashes of a split's rows.

    Attributes:
        most: Rows kept. When there are more, the half with the smaller hashes stays, again and
            again: copies stay together, so shares of them keep their expectation.
        rows: Number of rows seen.
        kept: Columns of `(inputs, inputs and targets, place in the data)`.
        limit: Hashes from here on are left out; None when everything was kept.
    """

    most: int = MOST
    rows: int = 0
    limit: int | None = None
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    _size: int = 0

    def add(self, batch: Batch) -> None:
        """Take in the next rows."""
        x = row_hashes(leaves(batch.x))
        both = both_hashes(x, leaves(batch.y))
        place = np.arange(self.rows, self.rows + len(x))
        self.rows += len(x)
        self._keep(x, both, place)

    def merge(self, other: Contents) -> None:
        """Take in the rows that follow: the same hashes stay as in one pass."""
        limits = [one.limit for one in (self, other) if one.limit is not None]
        self.most, limit = min(self.most, other.most), min(limits, default=None)
        if limit is not None:
            self._forget(limit)
        x, both, place = other.columns
        self._keep(x, both, place + self.rows)
        self.rows += other.rows

    def _keep(self, x: np.ndarray, both: np.ndarray, place: np.ndarray) -> None:
        if self.limit is not None:
            small = x < np.uint64(self.limit)
            x, both, place = x[small], both[small], place[small]
        self.kept.append((x, both, place))
        self._size += len(x)
        while self._size > self.most:
            self._forget((self.limit or 2**64) // 2)
            if not self._size:
                break

    def _forget(self, limit: int) -> None:
        """Keep the hashes below `limit`."""
        x, both, place = self.columns
        small = x < np.uint64(limit)
        self.limit, self._size = limit, int(small.sum())
        self.kept = [(x[small], both[small], place[small])]

    @property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The hashes of the inputs, those of inputs and targets, and the places of the rows."""
        if not self.kept:
            return np.empty(0, "uint64"), np.empty(0, "uint64"), np.empty(0, "int64")
        if len(self.kept) > 1:
            x, both, place = (np.concatenate(part) for part in zip(*self.kept, strict=True))
            self.kept = [(x, both, place)]
        return self.kept[0]

    @property
    def share(self) -> float:
        """Share of all possible contents that were kept."""
        return 1.0 if self.limit is None else self.limit / 2**64


@dataclass(frozen=True)
class Copies:
    """Rows of one split that occur in another, or again in the same.

    Attributes:
        share: Share of the rows that have a copy (of those kept).
        agreeing: Share of these whose targets are equal too.
        count: Number of rows with a copy among those kept.
        pairs: Some of them as `(place of the row, place of its copy)`.
    """

    share: float
    agreeing: float
    count: int
    pairs: list[tuple[int, int]]


def copies(rows: Contents, among: Contents | None = None, most: int = 10) -> Copies:
    """Return the rows of one split that occur in `among`, or again in the same split if None.

    Args:
        rows: Whose rows are looked up.
        among: Where they are looked up.
        most: Pairs named.
    """
    x, both, place = rows.columns
    other = rows if among is None else among
    known, known_both, known_place = other.columns
    order = np.argsort(known, kind="stable")
    left = np.searchsorted(known[order], x, "left")
    right = np.searchsorted(known[order], x, "right")
    least = 2 if among is None else 1
    found = np.flatnonzero(right - left >= least)
    if among is None:
        _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
        agree = counts[inverse.ravel()] >= least
    else:
        agree = np.isin(both, known_both)
    most_kept = np.uint64(2**64 - 1 if other.limit is None else other.limit - 1)
    comparable = int((x <= most_kept).sum())  # what the other side would have kept
    mates = known_place[order[np.minimum(left, len(order) - 1)]] if len(order) else place
    named = found if among is not None else found[mates[found] != place[found]]
    pairs = [(int(place[row]), int(mates[row])) for row in named[:most]]
    return Copies(
        share=len(found) / max(comparable, 1),
        agreeing=float(agree[found].mean()) if len(found) else 0.0,
        count=len(found),
        pairs=pairs,
    )


@dataclass(frozen=True)
class Conflicts:
    """Equal inputs with different targets.

    Attributes:
        share: Share of rows whose inputs occur with several targets.
        floor: Share of rows that any function of the inputs must get wrong.
        disagreeing: Share of the pairs of rows with equal inputs whose targets differ, each
            input counting by its rows. nan where no input occurs twice.
        groups: Some of them, as lists of places of rows.
    """

    share: float
    floor: float
    disagreeing: float
    groups: list[list[int]]

    @property
    def wrong(self) -> tuple[float, float]:
        """Least and largest share of wrong labels among the rows that occur again.

        With labels drawn for one input with the shares p, the share e = 1 - max p differs from
        the most frequent one, and two draws differ with d = 1 - sum(p^2). As max(p)^2 <=
        sum(p^2) <= max(p), e <= d <= 2 e: the truth lies between d / 2 and d, and d / sqrt(2)
        is off by a factor of at most 1.41.
        """
        return self.disagreeing / 2, self.disagreeing


def conflicts(rows: Contents, most: int = 10) -> Conflicts:
    """Return how often equal inputs have different targets in a split."""
    x, both, place = rows.columns
    if not len(x):
        return Conflicts(0.0, 0.0, float("nan"), [])
    order = np.lexsort((both, x))
    x, both, place = x[order], both[order], place[order]
    new_x = np.r_[True, x[1:] != x[:-1]]
    new_pair = new_x | np.r_[True, both[1:] != both[:-1]]
    starts, pairs = np.flatnonzero(new_x), np.flatnonzero(new_pair)
    sizes = np.diff(np.r_[starts, len(x)])
    pair_sizes = np.diff(np.r_[pairs, len(x)])
    group_of_pair = np.cumsum(new_x)[pairs] - 1
    largest = np.zeros(len(starts), "int64")
    np.maximum.at(largest, group_of_pair, pair_sizes)
    mixed = np.flatnonzero(np.bincount(group_of_pair) > 1)
    again = sizes > 1
    same = np.bincount(group_of_pair, pair_sizes * (pair_sizes - 1.0))[again]
    differ = 1 - same / (sizes[again] * (sizes[again] - 1.0))
    groups = [
        sorted(int(i) for i in place[starts[g] : starts[g] + min(sizes[g], 6)])
        for g in mixed[:most]
    ]
    return Conflicts(
        share=float(sizes[mixed].sum() / len(x)),
        floor=float((sizes - largest).sum() / len(x)),
        disagreeing=float(np.average(differ, weights=sizes[again])) if again.any() else np.nan,
        groups=groups,
    )
