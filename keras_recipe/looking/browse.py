"""`browse`: any data, as a `Browser`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError
from keras_recipe.core.report import Report
from keras_recipe.data.batch import leaves
from keras_recipe.data.sources import open_source
from keras_recipe.looking.browser import Browser
from keras_recipe.looking.findings import doubted, refuse_other_data, rows_named
from keras_recipe.looking.kinds import Drawn, drawn
from keras_recipe.looking.labelled import Labelled, class_names_of, labelled
from keras_recipe.looking.looked import Looked
from keras_recipe.looking.measures import measures
from keras_recipe.looking.predicted import Predicted, predicted
from keras_recipe.looking.sampled import Sampled, sampled
from keras_recipe.looking.words import decoder_of

ROWS = 2048  # rows looked at: their loss under a model takes seconds


def browse(  # noqa: PLR0913  each is one thing that may be known of data
    x: Any,
    y: Any = None,
    *,
    model: Any = None,
    task: Any = None,
    decoder: Any = None,
    report: Any = None,
    class_names: Any = None,
    feature_names: Any = None,
    training: Any = None,
    output: str | None = None,
    kind: str | None = None,
    rows: int = ROWS,
    seed: int = 0,
) -> Browser:
    """Return the data to look at: to filter, sort and draw, with the model's view of each row.

    Data, model and random generators stay as they are, bit for bit. Of many rows a sample is
    looked at, and every caption says so; rows that `report` names are always among them.

    Args:
        x: Anything `fit` takes but a bare generator: arrays, pandas frames, datasets, folders
            of class folders, CSV and Parquet files.
        y: Targets, names of classes too; None for datasets, which carry their own; for a table
            the name of a column.
        model: A built `keras.Model`, for predictions, losses and confidence.
        task: The user's word on the kind of task, as for `check`.
        decoder: Makes text of a row of tokens: a function from `(steps,)` to text, a list of
            words by token number, or a dict.
        report: What `check` found in the same data; adds a column of truth values for each
            check that names rows, and `doubt`: the place of a row among those whose labels
            KR107 doubts, 1 for the most doubtful.
        class_names: Names of the classes by number.
        feature_names: Names of the columns of a table.
        training: Training rows among which neighbours are looked for, `(x, y)` or anything `x`
            may be; `x` itself when None.
        output: Name of the model's output that is looked at; the first one when None.
        kind: What a row is, where that is guessed wrong: `"image"`, `"series"`, `"tokens"`,
            `"text"` or `"row"`.
        rows: Most rows looked at, 2048; fewer where their inputs would fill 256 MiB.
        seed: Seed of the sample.

    Raises:
        InputError: An argument cannot be used; the report is of other data.
    """
    counts: tuple[tuple[str, Any, int], ...] = (("rows", rows, 1), ("seed", seed, 0))
    for name, number, least in counts:
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not whole or number < least:
            msg = f"`{name}` must be a whole number of at least {least}. Received: {number!r}"
            raise InputError(msg)
    if not isinstance(report, Report | None):
        msg = f"`report` must be what check returned. Received: {type(report).__name__}"
        raise InputError(msg)
    named = {} if report is None else rows_named(report)
    doubts = [] if report is None else doubted(report)
    asked = [*(place for places in named.values() for place in places), *doubts]
    named |= {"KR107": doubts} if doubts else {}
    y, words = _numbered(y)
    found = sampled(open_source(x, y), int(rows), int(seed), asked)
    if report is not None:
        refuse_other_data(report, found.contents, found.total)
    names = class_names_of(class_names) or words
    names = names or list(found.files.classes if found.files else ())
    decode = decoder_of(decoder)
    shown = drawn(found.batch.x, decoded=decode is not None, kind=kind)
    said = None
    if model is not None:
        said = predicted(
            model, found.batch, task=task, output=output, names=names,
            placed=shown.kind == "image",
        )  # fmt: skip
    beside = None
    if training is not None:
        pair = training if isinstance(training, tuple) else (training,)
        beside = browse(
            *pair, decoder=decoder, class_names=names or None, feature_names=feature_names,
            kind=shown.kind, rows=rows, seed=seed,
        ).looked  # fmt: skip
    labels = said.labels if said else None
    if labels is None:
        labels = _labels(found, names, shown)
    looked = Looked(
        sample=found,
        drawn=shown,
        decoder=decode,
        features=_features(x, feature_names, found, shown),
        words=_words(found, shown),
        class_names=names,
        labels=labels,
        predictions=said.predictions if said else None,
        wrong=said.wrong if said else None,
        scores={},
        training=beside,
    )
    return Browser(_scored(looked, said, named, doubts), np.arange(len(found.places)))


def _numbered(y: Any) -> tuple[Any, list[str]]:
    """Return labels that are texts as numbers, and the texts in their order."""
    if y is None or isinstance(y, str | dict):
        return y, []
    kind = getattr(y, "dtype", None)
    texts = isinstance(y, list | tuple) and all(isinstance(one, str) for one in y)
    if not texts and not (kind is not None and getattr(kind, "kind", "O") in "OUS"):
        return y, []
    values = np.asarray(y)
    if not all(isinstance(one, str) for one in values.ravel().tolist()):
        return y, []
    words, numbers = np.unique(values.astype(str), return_inverse=True)
    return numbers.reshape(values.shape), words.tolist()


def _labels(found: Sampled, names: Sequence[str], shown: Drawn) -> Labelled | None:
    targets = leaves(found.batch.y)
    return labelled(targets[0], names, placed=shown.kind == "image") if targets else None


def _features(x: Any, given: Any, found: Sampled, shown: Drawn) -> list[str]:
    """Return the names of the columns of a table, or of the channels of a series."""
    if shown.kind not in ("row", "series"):
        return []
    count = shown.values.shape[-1]
    if given is not None:
        names = [str(name) for name in given]
        if len(names) != count:
            msg = f"There are {len(names)} feature_names for {count} features."
            raise InputError(msg)
        return names
    frame = [str(name) for name in getattr(x, "columns", ())]
    if len(frame) == count:
        return frame
    read = [column.name for column in _columns(found)]
    return read if len(read) == count else []


def _columns(found: Sampled) -> list[Any]:
    """Return how the features of a table that was read from files were read, in order."""
    files = found.files
    if files is None:
        return []
    return [c for c in files.columns if c.name != files.target and c.kind != "left out"]


def _words(found: Sampled, shown: Drawn) -> dict[int, Sequence[str]]:
    """Return the words that a column's numbers stand for, by the column's place."""
    columns = _columns(found) if shown.kind == "row" else []
    if len(columns) != shown.values.shape[-1]:
        return {}
    return {i: c.words for i, c in enumerate(columns) if c.kind in ("words", "hashed")}


def _scored(
    looked: Looked, said: Predicted | None, named: dict[str, list[int]], doubts: list[int]
) -> Looked:
    """Return the same with every score, the ones that are asked for most first."""
    sample = looked.sample
    scores: dict[str, np.ndarray] = {"row": sample.places}
    if looked.labels is not None and looked.labels.scores is not None:
        scores["label"] = looked.labels.scores
    scores |= said.scores if said else {}
    texts = None
    if looked.drawn.kind == "text":
        texts = [looked.text(row) for row in range(len(sample.places))]
    scores |= measures(looked.drawn, texts, looked.words)
    scores["duplicate"], scores["copies"] = sample.copies()
    for code, places in named.items():
        scores[code] = np.isin(sample.places, places)
    if doubts:
        rank = {place: number for number, place in enumerate(doubts, 1)}
        scores["doubt"] = np.array([rank.get(p, np.nan) for p in sample.places.tolist()])
    return Looked(**{**vars(looked), "scores": scores})
