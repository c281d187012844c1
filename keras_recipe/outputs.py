"""Which loss, metrics and target belong to each output: Keras's own rules, written down."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.data.labels import Labels
from keras_recipe.loss import LossFacts, loss_facts


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output and what it was compiled with.

    Attributes:
        name: Its key in a dict of outputs, else Keras's name for it.
        names: Every name that `compile` and `fit` accept for it.
        loss: Its loss.
        ignored: Class number whose rows the loss leaves out (`ignore_class`); None if none.
        metrics: Names and class names of its metrics, lower case.
        target: Place of its target among the flattened targets; None without one.
    """

    name: str
    names: frozenset[str]
    loss: LossFacts
    ignored: int | None
    metrics: tuple[str, ...]
    target: int | None


def _names(model: Any, outputs: Any) -> list[tuple[str, frozenset[str]]]:
    """Return the name of each output and all names it goes by, in flattened order."""
    paths = keras.tree.flatten_with_path(outputs)
    own = list(getattr(model, "output_names", None) or [])
    if len(own) != len(paths):
        own = [f"output_{i}" for i in range(len(paths))] if len(paths) > 1 else ["output"]
    keyed = isinstance(outputs, Mapping)
    found = []
    for (path, _), name in zip(paths, own, strict=True):
        key = "/".join(str(part) for part in path) if keyed else name
        found.append((key, frozenset({key, name})))
    return found


def _one_of(spec: Any, index: int, names: frozenset[str], count: int) -> Any:
    """Return the part of a `compile` argument that is meant for one output."""
    if isinstance(spec, Mapping):
        return next((spec[name] for name in spec if name in names), None)
    if isinstance(spec, list | tuple) and (count > 1 or len(spec) == 1):
        flat = keras.tree.flatten(spec) if len(spec) != count else spec
        return flat[index] if index < len(flat) else None
    return spec


def _named_metrics(value: Any) -> list[str]:
    """Return every name in a serialised metric, or in a list of them."""
    if isinstance(value, str):
        return [value.lower()]
    if isinstance(value, Mapping) and "class_name" in value:
        own = value.get("config")
        name = own.get("name") if isinstance(own, Mapping) else own
        return [str(value["class_name"]).lower(), *_named_metrics(name)]
    inner = value.values() if isinstance(value, Mapping) else value or ()
    return [name for one in inner for name in _named_metrics(one)]


def _metric_config(model: Any) -> list[Any]:
    """Return `metrics` and `weighted_metrics` as given to `compile`, serialised."""
    with warnings.catch_warnings(), suppress(Exception):  # whatever cannot be serialised
        warnings.simplefilter("ignore")  # Keras warns of every lambda
        config = model.get_compile_config() or {}
        return [config.get("metrics"), config.get("weighted_metrics")]
    return []


def _metrics(specs: Sequence[Any], index: int, names: frozenset[str], count: int) -> list[str]:
    parts = specs if count == 1 else [_one_of(spec, index, names, count) for spec in specs]
    return [name for part in parts for name in _named_metrics(part)]


def _resolved(spec: Any, shape: tuple[int, ...], labels: Labels | None) -> Any:
    """Return which loss `"crossentropy"` means, as Keras decides it by the shapes."""
    if not (isinstance(spec, str) and spec.lower() in ("ce", "crossentropy")) or not shape:
        return spec
    if shape[-1] == 1:
        return "binary_crossentropy"
    sparse = labels is not None and (len(labels.shape) < len(shape) or labels.units == 1)
    return "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"


def _facts(spec: Any) -> LossFacts:
    try:
        return loss_facts(spec)
    except ValueError as error:
        msg = f"The model was compiled with a loss Keras does not know. Received: {spec!r}"
        raise InputError(msg) from error


def _ignored(spec: Any) -> int | None:
    """Return the class number that a loss object leaves out."""
    if not isinstance(spec, keras.losses.SparseCategoricalCrossentropy):
        return None
    return getattr(spec, "ignore_class", None)


def _target(
    index: int, names: frozenset[str], labels: Sequence[Labels], scored: list[int]
) -> int:
    """Return the place of an output's target; -1 if it has none."""
    keys = [re.match(r"y\['(.*)'\]$", one.name) for one in labels]
    if labels and all(keys):
        by_name = [i for i, key in enumerate(keys) if key and key[1] in names]
        return by_name[0] if by_name else -1
    if len(labels) == len(scored):  # a loss for some outputs only: targets for those only
        return scored.index(index) if index in scored else -1
    return index if index < len(labels) else -1


def outputs_of(model: Any, outputs: Any, labels: Sequence[Labels]) -> list[Output]:
    """Return the loss, metrics and target of every output.

    Args:
        model: A compiled model.
        outputs: What it returns for some rows, in its own structure.
        labels: Facts of each target, in flattened order.

    Returns:
        One `Output` for each output, in flattened order.

    Raises:
        InputError: Keras does not know a loss the model was compiled with.
    """
    named, arrays = _names(model, outputs), keras.tree.flatten(outputs)
    count, spec, metrics = len(arrays), getattr(model, "loss", None), _metric_config(model)
    specs = [_one_of(spec, i, names, count) for i, (_, names) in enumerate(named)]
    scored = [i for i, one in enumerate(specs) if one is not None]
    made = []
    for i, (name, names) in enumerate(named):
        target = _target(i, names, labels, scored)
        facts = labels[target] if target >= 0 else None
        made.append(
            Output(
                name=name,
                names=names,
                loss=_facts(_resolved(specs[i], tuple(arrays[i].shape[1:]), facts)),
                ignored=_ignored(specs[i]),
                metrics=tuple(_metrics(metrics, i, names, count)),
                target=target if target >= 0 else None,
            )
        )
    return made


def output_bytes(model: Any, first: Batch) -> int:
    """Return how many bytes, as float32, a model says of one row; 0 where that is not known.

    Args:
        model: A model; only one whose outputs have shapes before it is called tells.
        first: Some rows, for the axes that the model leaves open.
    """
    given = dict(enumerate(leaves(first.x)[0].shape))
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "outputs", None) or []]
    return sum(
        4 * math.prod(size or given.get(axis, 1) for axis, size in enumerate(shape) if axis)
        for shape in shapes
    )
