"""Rows to look at: chosen, sorted, drawn; each step returns a new `Browser`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.said import said
from keras_recipe.looking.distributions import distributions
from keras_recipe.looking.expression import column, evaluate
from keras_recipe.looking.looked import Looked
from keras_recipe.looking.neighbours import predictions
from keras_recipe.looking.rows_shown import rows_shown, rows_told
from keras_recipe.looking.view import View
from keras_recipe.reports.phrases import figure


@dataclass(frozen=True, eq=False)
class Browser:
    """Rows of data, to be chosen, sorted and looked at.

    Every step returns a new Browser. In a notebook it shows itself.

    Attributes:
        looked: What is known of the rows, and how they are drawn.
        order: The rows that are left, in order; places in the sample.
        steps: What was done to them, in words.
        by_class: Whether rows are shown class by class.

    Example:
        >>> x, y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
        >>> from keras_recipe.looking.browse import browse
        >>> browse(x, y).filter(label=1).sort(by="mean", descending=True).rows.tolist()
        [5, 3, 1]
    """

    looked: Looked
    order: np.ndarray
    steps: tuple[str, ...] = ()
    by_class: bool = False

    def __len__(self) -> int:
        """Return the number of rows that are left."""
        return len(self.order)

    @property
    def rows(self) -> np.ndarray:
        """Numbers of the rows in the data, in order."""
        return self.looked.sample.places[self.order]

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """The scores of the rows, in order: arrays `(rows,)`, ready for `pandas.DataFrame`."""
        return {name: values[self.order] for name, values in self.looked.scores.items()}

    def filter(
        self,
        *,
        label: Any = None,
        prediction: Any = None,
        correct: bool | None = None,
        finding: str | None = None,
        where: str | Callable[[dict[str, np.ndarray]], Any] | None = None,
    ) -> Browser:
        """Keep the rows for which all of this holds.

        Args:
            label: A class number or name, or a list of them.
            prediction: Likewise, of what the model says.
            correct: Whether the model is right.
            finding: Code of a check: rows that the report names there, such as `"KR103"`.
            where: An expression over the scores, such as `"loss > 2 and size < 9"`, or a
                function from the scores to a mask `(rows,)`.

        Raises:
            InputError: A score, a class or a finding is not known.
        """
        keep, told = np.ones(len(self), bool), []
        for name, wanted in (("label", label), ("prediction", prediction)):
            if wanted is not None:
                keep &= np.isin(self._score(name), self._numbers(name, wanted))
                told.append(f"{name} {_listed(wanted)}")
        if correct is not None:
            keep &= self._score("correct") == bool(correct)
            told.append("correct" if correct else "not correct")
        if finding is not None:
            keep &= self._named(finding)
            told.append(f"named by {finding}")
        if where is not None:
            keep &= self._mask(where)
            told.append(where if isinstance(where, str) else "chosen by a function")
        return self._with(self.order[keep], *told)

    def search(self, text: str) -> Browser:
        """Keep the rows whose text holds `text`, in capitals or not.

        Raises:
            InputError: The rows are no text, and there is no decoder.
        """
        if not self.looked.is_text:
            msg = (
                f"search() needs rows of text or tokens; these are drawn as "
                f"{self.looked.drawn.kind!r}. Give browse a `decoder` if they are tokens."
            )
            raise InputError(msg)
        wanted = str(text).casefold()
        keep = [wanted in self.looked.text(row).casefold() for row in self.order.tolist()]
        return self._with(self.order[np.array(keep, bool)], f"with {text!r}")

    def sort(self, by: str, *, descending: bool | None = None) -> Browser:
        """Sort by a score; rows without it come last.

        Args:
            by: Name of a score, see `scores`.
            descending: Largest first; True for `loss` and `entropy`, where that is the
                interesting end, False for all others.

        Raises:
            InputError: There is no such score; the message lists those there are.
        """
        down = by in ("loss", "entropy") if descending is None else bool(descending)
        values = self._score(by).astype("float64")
        known = np.isfinite(values)
        ranked = np.argsort(np.where(known, -values if down else values, np.inf), kind="stable")
        order = np.concatenate([ranked[known[ranked]], ranked[~known[ranked]]])
        ends = values[order][[0, int(known.sum()) - 1]] if known.any() else []
        span = " to ".join(figure(float(v)) for v in ends)
        return self._with(self.order[order], f"by {by} ({span})" if span else f"by {by}")

    def per_class(self, k: int) -> Browser:
        """Keep the first `k` rows of each class, and show them class by class.

        Raises:
            InputError: The labels are no classes.
        """
        classes = self._classes()
        kept = np.zeros(len(self), bool)
        for number in np.unique(classes):
            kept[np.flatnonzero(classes == number)[: _count(k)]] = True
        return dataclasses.replace(
            self._with(self.order[kept], f"{k} of each class"), by_class=True
        )

    def head(self, n: int) -> Browser:
        """Keep the first `n` rows."""
        return self._with(self.order[: _count(n)], f"the first {n}")

    def distributions(self) -> View:
        """Return how the features of these rows are spread, values outside marked."""
        return distributions(self.looked, self.order)

    def predictions(self) -> View:
        """Return the worst, most confidently wrong and least certain of these rows.

        Each is beside its nearest training neighbours: those of `training` where `browse` was
        given it, else the other rows of the sample.

        Raises:
            InputError: There is no model.
        """
        return predictions(self.looked, self.order)

    @cached_property
    def shown(self) -> View:
        """The pictures and the table of these rows."""
        return rows_shown(self.looked, self.order, self.steps, by_class=self.by_class)

    def picture(self) -> bytes:
        """Return the rows as one PNG.

        Raises:
            InputError: No row is left.
        """
        return self.shown.picture()

    def to_png(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows to one PNG file; see `View.to_png`."""
        return self.shown.to_png(path)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows, drawn and as a table, to one page; see `View.to_html`."""
        return self.shown.to_html(path)

    def to_tensorboard(
        self, log_dir: str | os.PathLike[str], *, tag: str = "recipe/looking", step: int = 0
    ) -> Path:
        """Write the rows as images into a log folder; see `View.to_tensorboard`."""
        return self.shown.to_tensorboard(log_dir, tag=tag, step=step)

    def _repr_html_(self) -> str:
        return self.shown._repr_html_()

    def __repr__(self) -> str:
        """Return the first 20 rows as a table of text."""
        return repr(rows_told(self.looked, self.order, self.steps))

    def _with(self, order: np.ndarray, *steps: str) -> Browser:
        return dataclasses.replace(self, order=order, steps=(*self.steps, *steps))

    def _score(self, name: str) -> np.ndarray:
        return column(name, self.looked.scores)[self.order]

    def _classes(self) -> np.ndarray:
        labels = self.looked.labels
        if labels is None or labels.classes is None:
            what = "there are no labels" if labels is None else "the labels are no classes"
            msg = f"per_class() needs a class for each row, and {what}."
            raise InputError(msg)
        return labels.classes[self.order]

    def _numbers(self, name: str, wanted: Any) -> list[float]:
        many = list(wanted) if isinstance(wanted, list | tuple | set | np.ndarray) else [wanted]
        names, found = list(self.looked.class_names), []
        for one in many:
            if isinstance(one, str) and one in names:
                found.append(float(names.index(one)))
                continue
            try:
                found.append(float(one))
            except (TypeError, ValueError) as error:
                known = ", ".join(map(repr, names[:20])) or "numbers: no class_names were given"
                msg = f"There is no {name} {one!r}; the classes are {known}."
                raise InputError(msg) from error
        return found

    def _named(self, code: str) -> np.ndarray:
        if code not in self.looked.scores or not code.startswith("KR"):
            known = [name for name in self.looked.scores if name.startswith("KR")]
            msg = (
                f"The report names no rows for {code!r}; it does for {', '.join(known)}."
                if known
                else f"No report names rows for {code!r}: give browse(..., report=report)."
            )
            raise InputError(msg)
        return self._score(code).astype(bool)

    def _mask(self, where: Any) -> np.ndarray:
        if isinstance(where, str):
            mask = evaluate(where, self.scores)
        elif callable(where):
            try:
                mask = np.asarray(where(self.scores))
            except Exception as error:  # the user's code, with errors of its own
                kind = f"{type(error).__name__}: {said(error)}".rstrip(": ")
                msg = f"The function given as `where` raised {kind}; mend it first."
                raise InputError(msg) from error
        else:
            msg = f"`where` must be an expression or a function. Received: {where!r}"
            raise InputError(msg)
        if mask.shape not in ((), (len(self),)) or mask.dtype != bool:
            msg = (
                f"`where` must give one truth value for each of the {len(self)} rows. "
                f"Received: {mask.dtype} of shape {mask.shape}"
            )
            raise InputError(msg)
        return np.broadcast_to(mask, len(self))


def _listed(wanted: Any) -> str:
    many: Sequence[Any] = (
        list(wanted) if isinstance(wanted, list | tuple | set | np.ndarray) else [wanted]
    )
    return " or ".join(str(one) for one in many)


def _count(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        msg = f"The number of rows must be a whole number of at least 1. Received: {number!r}"
        raise InputError(msg)
    return int(number)
