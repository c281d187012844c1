"""The changes that an expert would try on a program that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_recipe.contract.meant import Meant, meant
from keras_recipe.core.result import Result
from keras_recipe.data.batch import Batch, leaves
from keras_recipe.diagnosis.change import Change
from keras_recipe.experiments.scaling import input_scales, rescaled
from keras_recipe.experiments.target_scaling import rescaled_targets, target_scales
from keras_recipe.loss import loss_facts
from keras_recipe.surgery.causal import pad_causally, padded_causally, two_sided
from keras_recipe.surgery.frozen import everything_trainable, frozen, train_everything
from keras_recipe.surgery.initialize import initialize_output_bias
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.normalize import normalization_first, put_normalization_first
from keras_recipe.surgery.optimizer import (
    clips_of,
    innermost,
    other_optimizer,
    rate_of,
    replace_optimizer,
    restarted,
    schedule_of,
)
from keras_recipe.surgery.rectify import bounded, rectified, rectify
from keras_recipe.surgery.redraw import drawable, redraw
from keras_recipe.surgery.rehead import rehead, reheaded
from keras_recipe.task import Head, Task

LARGEST, SMALLEST = 3.0, 0.3  # a scale further from 1 is worth a try where something failed
_DENSE = 'keras.layers.Dense(units, "relu", kernel_initializer="he_normal")'


@contextmanager
def _made(action: Callable[[Any], Any], model: Any) -> Iterator[None]:
    """Make a change of weights; whoever tries it puts them back."""
    action(model)
    yield


def _in_the_inputs(model: Any, sample: Batch) -> Iterator[Change]:
    numbers = [leaf for leaf in leaves(sample.x) if leaf.dtype.kind == "f"]
    if not all(np.isfinite(leaf).all() for leaf in numbers):
        return  # no scale mends a gap
    far = [one for one in input_scales(model, sample) if one.is_far(LARGEST, SMALLEST)]
    if not far:
        return
    how: dict[str, Any] = {"data": lambda some: some.with_x(rescaled(some.x, far))}
    if len(leaves(sample.x)) == 1 and isinstance(getattr(model, "output_shape", 0), tuple):
        scale = {"mean": -far[0].intercept / far[0].slope, "std": 1 / far[0].slope}
        how = {
            "during": partial(normalization_first, **scale),
            "action": partial(put_normalization_first, **scale),
        }
    yield Change(
        text="standardise the inputs",
        code="norm = keras.layers.Normalization(); norm.adapt(x); "
        "model = keras.Sequential([norm, model])",
        codes=("KR109", "KR220", "KR204"),
        part="inputs",
        **how,
    )


def _in_the_targets(task: Task) -> Iterator[Change]:
    wide = [one for one in target_scales(task) if one.is_far(LARGEST, SMALLEST)]
    if wide:
        yield Change(
            text="standardise the targets",
            code="y = (y - y.mean(0)) / y.std(0)",
            codes=("KR110",),
            part="targets",
            data=lambda some: Batch(some.x, rescaled_targets(some.y, wide), some.sample_weight),
        )


def _learned(task: Task, head: Head, wanted: Meant) -> Task:
    """Return the task with one head as it is meant."""
    kinds = {"softmax": "multiclass", "linear": "regression"}
    other = replace(
        head,
        kind=kinds.get(wanted.activation, head.kind),
        activation=wanted.activation,
        loss=loss_facts(wanted.loss),
        units=wanted.units,
        shape=(*head.shape[:-1], wanted.units),
    )
    return Task([other if one is head else one for one in task.heads])


def _said(head: Head, wanted: Meant) -> str:
    """Return in words what of an output changes."""
    output = f"{wanted.units} {wanted.activation} unit{'s' * (wanted.units > 1)}"
    if wanted.activation == head.activation and wanted.units == head.units:
        return f"use the plain loss {wanted.loss}"
    if wanted.loss == head.loss.name and not head.loss.from_logits:
        return f"use {output} in the output layer"
    return f"use {output} with {wanted.loss}"


def _in_the_head(task: Task) -> Iterator[Change]:
    for head in task.heads:
        wanted = meant(head)
        if wanted is None or head.target is None:
            continue
        loss: Any = wanted.loss
        if wanted.ignored is not None:
            loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=wanted.ignored)
        settings = {"index": head.index, "head": head.output, "loss": loss}
        settings |= {"units": wanted.units, "activation": wanted.activation}
        yield Change(
            text=_said(head, wanted),
            code=wanted.code,
            codes=("KR202", "KR203", "KR110"),
            part=f"head {head.index}",
            during=partial(reheaded, **settings),
            task=partial(_learned, head=head, wanted=wanted),
            action=partial(rehead, **settings),
        )


def _layers(model: Any, suspect: Result | None) -> list[Any]:
    """Return the layers with a kernel that a finding names."""
    named = set(suspect.where.split(", ")) if suspect else set()
    return [one for path, one in walk(model) if path in named and one in drawable(model)]


def _in_the_padding(model: Any) -> Iterator[Change]:
    if layers := two_sided(model):
        yield Change(
            text="pad the convolutions on the left alone",
            code='keras.layers.Conv1D(filters, size, padding="causal")',
            codes=("KR214",),
            part="padding",
            during=partial(padded_causally, layers=layers),
            action=partial(pad_causally, layers=layers),
        )


def _in_the_layers(model: Any, task: Task, suspects: Mapping[str, Result]) -> Iterator[Change]:
    if frozen(model):
        yield Change(
            text="make every layer trainable",
            code="model.trainable = True; model.compile(...)",
            codes=("KR219",),
            part="trainable",
            during=everything_trainable,
            action=train_everything,
        )
    if drawn := drawable(model) if {"KR204", "KR220", "KR221"} & suspects.keys() else []:
        yield Change(
            text="draw the initial weights anew (He or Glorot), biases 0",
            code=_DENSE,
            codes=("KR221", "KR204", "KR220"),
            part="weights",
            during=partial(_made, lambda _: redraw(drawn)),
            action=lambda _: redraw(drawn),
        )
    shut = bounded(model, [head.output.layer for head in task.heads])
    bare = _layers(model, suspects.get("KR222"))
    for layers, text, codes in (
        (bare, "put a ReLU behind the linear hidden layers", ("KR222",)),
        (
            shut,
            "use ReLU with He initialisation in place of hidden sigmoids and tanhs",
            ("KR220", "KR219"),
        ),
    ):
        if layers:
            yield Change(
                text=text,
                code=_DENSE,
                codes=codes,
                part="activations",
                during=partial(rectified, layers=layers),
                action=partial(rectify, layers=layers),
            )


def _swap(make: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        "part": "optimizer",
        "during": lambda model: other_optimizer(model, make(model.optimizer)),
        "action": lambda model: replace_optimizer(model, make(model.optimizer)),
    }


def _in_the_optimizer(model: Any) -> Iterator[Change]:
    inner = innermost(model.optimizer)
    clips: dict[str, Any] = dict.fromkeys(clips_of(inner))
    if clips:
        yield Change(
            text="switch gradient clipping off",
            code="model.compile(keras.optimizers.Adam(rate), ...)  # no clipnorm",
            codes=("KR318", "KR302"),
            **_swap(lambda optimizer: restarted(optimizer, **clips)),
        )
    if schedule_of(inner) is None:
        rate = rate_of(inner)
        for factor in (0.1, 10.0) if rate >= 0 else (-1.0,):
            yield Change(
                text=f"multiply the learning rate by {factor:g}, to {rate * factor:.3g}",
                code=f"model.optimizer.learning_rate = {rate * factor:.3g}",
                codes=("KR302", "KR318") if factor > 0 else ("KR318", "KR302"),
                **_swap(partial(restarted, learning_rate=rate * factor)),
            )
    yield Change(
        text="use Adam at its default rate of 0.001",
        code="model.compile(keras.optimizers.Adam(1e-3), ...)",
        codes=("KR302",),
        **_swap(lambda _: keras.optimizers.Adam(1e-3)),
    )


def _in_the_bias(sample: Batch) -> Change:
    def start(model: Any) -> None:
        initialize_output_bias(model, sample.y, sample_weight=sample.sample_weight)

    return Change(
        text="start the output bias at the best constant prediction",
        code="keras_recipe.initialize_output_bias(model, y)",
        codes=("KR205", "KR204"),
        part="bias",
        during=partial(_made, start),
        action=start,
    )


def changes(
    model: Any, sample: Batch, task: Task, suspects: Mapping[str, Result]
) -> list[Change]:
    """Return the changes worth trying on this program.

    All cost about the same: one compilation and as many steps. So those come first whose
    subject a check complains of, and then the most particular ones: Adam mends many things
    that are not the optimizer's fault.

    Args:
        model: A compiled model.
        sample: Training rows.
        task: What is learned.
        suspects: The checks that complain, by code.
    """
    found = [
        *_in_the_inputs(model, sample),
        *_in_the_targets(task),
        *_in_the_head(task),
        *_in_the_layers(model, task, suspects),
        *(_in_the_padding(model) if "KR214" in suspects else []),
        *([_in_the_bias(sample)] if "KR205" in suspects else []),
        *_in_the_optimizer(model),
    ]
    return sorted(found, key=lambda one: not suspects.keys() & set(one.codes))
