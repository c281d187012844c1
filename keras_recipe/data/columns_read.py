"""The columns of a table as numbers: what each holds is decided on all of its rows."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_recipe.data.words_read import (
    FORMATS,
    MISSING,
    as_numbers,
    as_seconds,
    as_words,
    is_typed,
    no_numbers,
    pandas,
    shown,
    typed,
)

MOST_WORDS = 2**17  # different words of a column that are numbered; more are hashed
_LARGEST_EXACT = 2.0**53  # from here on whole numbers are not all float64


@dataclass(frozen=True)
class Column:
    """How one column is read.

    Attributes:
        name: Its name.
        kind: `"number"`, `"date"`, `"words"`, `"hashed"`, `"empty"` or `"left out"`.
        words: The different words, sorted: their places are their numbers.
        form: Format of the dates, or the decimal comma of the numbers.
        whole: Whether all values are whole numbers and none is missing.
        is_target: Whether it is the target; among the inputs, missing words have a number of
            their own, after those of the words.
    """

    name: str
    kind: str
    words: tuple[str, ...] = ()
    form: str = ""
    whole: bool = False
    is_target: bool = False

    @functools.cached_property
    def _places(self) -> dict[str, float]:
        return {word: float(place) for place, word in enumerate(self.words)}

    def convert(self, values: Any) -> np.ndarray:
        """Return words, or a typed pandas Series, as float64 `(rows,)`; NaN for none."""
        if is_typed(values):
            return typed(values)
        words, _ = as_words(values)
        if self.kind == "number":
            return as_numbers(words, self.form)
        if self.kind == "date":
            return as_seconds(np.array(words, dtype=object), self.form)
        if self.kind == "hashed":
            found = pandas().util.hash_array(np.array(words, dtype=object)) >> np.uint64(40)
            gone = np.fromiter((word in MISSING for word in words), bool, len(words))
            return np.where(gone, np.nan, found.astype("float64"))
        places, missing = self._places, float(len(self.words))
        if self.is_target:
            missing = np.nan
        found = [places.get(word, missing if word in MISSING else np.nan) for word in words]
        return np.array(found, "float64")


@dataclass
class Gathered:
    """What one pass says of a column; `decide` tells how it is read.

    Attributes:
        name: Its name.
        is_target: Whether it is the target, all of whose words are numbered.
        rows: Rows seen.
        missing: How often each code for a missing value was met.
        numbers, commas: Words that are numbers, with a decimal point or a decimal comma.
        dates: Words that are dates, by format; formats that fit too few are dropped.
        words: The different words; None when there are too many.
        others: Some words that are neither numbers nor dates.
        whole: Whether all numbers were whole, and float64 holds them.
        odd: What the column holds that is no number, word or date; "" if nothing.
        huge: Whether numbers written as whole ones are too large for float64.
        unnumbered: Whether a target of numbers had so many that their words were let go; those
            that are no numbers are kept.
    """

    name: str
    is_target: bool = False
    rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    numbers: int = 0
    commas: int = 0
    dates: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FORMATS, 0))
    words: set[str] | None = field(default_factory=set)
    others: list[str] = field(default_factory=list)
    whole: bool = True
    odd: str = ""
    huge: bool = False
    unnumbered: bool = False

    def add(self, values: Any) -> None:
        """Take in the next values: words, or a pandas Series."""
        self.rows += len(values)
        if is_typed(values):
            self._add_typed(values)
            return
        words, odd = as_words(values)
        self.odd = self.odd or odd
        given = [word for word in words if word not in MISSING]
        if len(given) < len(words):
            self.missing.update(word for word in words if word in MISSING)
        if given and not self.odd:
            self._add_words(given)

    def _add_typed(self, values: Any) -> None:
        found = typed(values)
        good = found[~np.isnan(found)]
        if len(good) < len(found):
            self.missing["null"] += len(found) - len(good)
        if values.dtype.kind == "M":
            self.dates["ISO8601"] = self.dates.get("ISO8601", 0) + len(good)
            return
        self.numbers += len(good)
        beyond = self._beyond(good)
        self.huge = self.huge or (values.dtype.kind in "iu" and len(beyond) > 0)

    def _beyond(self, numbers: np.ndarray) -> np.ndarray:
        """Return the places of numbers from 2^53 on, which may or may not be whole."""
        exact = np.abs(numbers) < _LARGEST_EXACT
        self.whole = self.whole and bool((exact & (numbers % 1 == 0)).all())
        return np.flatnonzero(~exact & np.isfinite(numbers))

    def _add_words(self, words: list[str]) -> None:
        numbers = as_numbers(words)
        bad = np.isnan(numbers)
        self.numbers += int((~bad).sum())
        good = np.flatnonzero(~bad)
        with np.errstate(invalid="ignore"):
            beyond = good[self._beyond(numbers[good])]
        self.huge = self.huge or any(words[i].lstrip("+-").isdigit() for i in beyond)
        if bad.any():
            rest = Counter(words[place] for place in np.flatnonzero(bad))
            self.whole = False
            several = list(rest)
            self._add_rest(several, np.array(list(rest.values())))
            self.others += several[: 3 - len(self.others)]
        if self.words is None:
            return
        self.words.update(no_numbers(words) if self.unnumbered else words)
        if len(self.words) > MOST_WORDS:
            self._let_go()

    def _let_go(self) -> None:
        """Keep no more words than are needed: classes of a target have to be numbered."""
        if not self.is_target:
            self.words = None
        elif 2 * (self.numbers + self.commas) > self.given and not self.unnumbered:
            self.words, self.unnumbered = set(no_numbers(list(self.words or ()))), True

    def _add_rest(self, words: list[str], counts: np.ndarray) -> None:
        """Take in words that are no numbers, and how often each was met."""
        commas = ~np.isnan(as_numbers(words, ","))
        self.commas += int(counts[commas].sum())
        given = self.given - self.numbers
        for form in list(self.dates):
            fits = ~np.isnan(as_seconds(np.array(words, dtype=object), form))
            self.dates[form] += int(counts[fits].sum())
            if 2 * self.dates[form] < given:
                del self.dates[form]

    @property
    def given(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing.total()

    @property
    def _dates(self) -> int:
        """Values that are dates of the format that fits most."""
        return max(self.dates.values(), default=0)

    def decide(self) -> Column:
        """Return how the column is read: as what most of its values are."""
        dates = self._dates
        if self.odd:
            return Column(self.name, "left out", form=self.odd)
        if not self.given:
            return Column(self.name, "empty")
        if 2 * (self.numbers + self.commas) > self.given and self.commas > self.numbers:
            return Column(self.name, "number", form=",")
        if 2 * self.numbers > self.given:
            whole = self.whole and self.numbers == self.rows and not self.huge
            return Column(self.name, "number", whole=whole)
        if 2 * dates > self.given:
            form = next(form for form, count in self.dates.items() if count == dates)
            return Column(self.name, "date", form=form)
        if self.words is None:
            return Column(self.name, "hashed")
        words, whole = tuple(sorted(self.words)), not self.missing and not self.unnumbered
        return Column(self.name, "words", words, whole=whole, is_target=self.is_target)

    def told(self) -> list[tuple[str, str]]:
        """Return `(topic, sentence)` for what deserves a word about how the column is read."""
        column, name = self.decide(), repr(self.name)
        said = [self._made(column)] if self._made(column)[1] else []
        lost = self._lost(column)
        if lost:
            few = f", such as {shown(self.others[0])}" if self.others else ""
            kind = f"no {column.kind}s"
            said.append(("mixed", f"{lost} of {self.given} values of {name} are {kind}{few}"))
        if self.unnumbered and column.kind == "words":
            said.append(("mixed", f"{name}: words, whose numbers are too many to be classes"))
        if self.huge:
            said.append(("huge", f"{name} holds whole numbers beyond 2^53, which are rounded"))
        for code, count in self.missing.items():
            what = repr(code) if code else "blank"
            said.append(("missing", f"{name}: {count} of {self.rows} are {what}"))
        return said

    def _made(self, column: Column) -> tuple[str, str]:
        """Return how what is no number was made one."""
        name, commas = repr(self.name), "has decimal commas" if column.form else ""
        several = sum(count == self._dates for count in self.dates.values()) > 1
        doubt = "; more than one format fits" if several else ""
        number = column.kind == "number"
        return {
            "left out": ("left out", f"{name} holds values of type {column.form}: left out"),
            "empty": ("blank", f"{name} holds no value in {self.rows} rows"),
            "number": ("made numbers", f"{name} {commas}" if number and commas else ""),
            "date": ("made numbers", f"{name}: dates ({column.form}{doubt}), now seconds"),
            "words": ("made numbers", f"{name}: {len(column.words)} words, now numbered"),
            "hashed": ("made numbers", f"{name}: more than {MOST_WORDS} words, now hashed"),
        }[column.kind]

    def _lost(self, column: Column) -> int:
        """Return how many values are none of the kind that most are."""
        if column.kind == "number":
            return self.given - (self.commas if column.form else self.numbers)
        return self.given - self._dates if column.kind == "date" else 0
