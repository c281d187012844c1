"""TensorFlow's side of `keras_recipe.backend.Backend`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context


def weight_gradients(
    model: Any, x: Any, y: Any, sample_weight: Any = None, *, training: bool = False
) -> tuple[float, list[np.ndarray | None]]:
    """See `keras_recipe.backend.Backend`."""
    x, y, sample_weight = keras.tree.map_structure(
        lambda leaf: None if leaf is None else tf.convert_to_tensor(leaf), (x, y, sample_weight)
    )
    weights = [v.value for v in model.trainable_variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for weight in weights:
            tape.watch(weight)
        outputs = model(x, training=training) if training else model(x)
        loss = model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=sample_weight)
    gradients = tape.gradient(loss, weights)
    return float(loss), [
        None if g is None else np.asarray(tf.convert_to_tensor(g), dtype="float32")
        for g in gradients
    ]


def compiled_loss(model: Any) -> None:
    """See `keras_recipe.backend.Backend`."""
    del model


def input_gradient(model: Any, x: Any) -> Callable[[list[np.ndarray]], list[Any]]:
    """See `keras_recipe.backend.Backend`."""
    flat = [tf.convert_to_tensor(leaf) for leaf in keras.tree.flatten(x)]

    @tf.function
    def gradient(weights: list[Any]) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(flat)
            outputs = keras.tree.flatten(model(keras.tree.pack_sequence_as(x, flat)))
            pairs = zip(outputs, weights, strict=True)
            total = sum(tf.reduce_sum(tf.cast(out, "float32") * w) for out, w in pairs)
        return tape.gradient(total, flat, unconnected_gradients="zero")

    return lambda weights: [np.asarray(g, "float32") for g in gradient(weights)]


def reduced(tensors: list[Any], *, norms: bool) -> Any:
    """See `keras_recipe.backend.Backend`."""
    del tensors, norms


def rng_state() -> Any:
    """Return the eager context's generator and seed, and the global generator's state."""
    generator = getattr(context.context(), "_rng", None)  # no public way to read it
    return (
        generator.getstate() if generator is not None else None,
        tf.random.get_global_generator().state.numpy(),
        context.global_seed(),
    )


def set_rng_state(state: Any) -> None:
    """See `keras_recipe.backend.Backend`."""
    eager, stream, given = state
    context.context()._seed = given  # `set_seed` would also empty the kernels' cache
    generator = getattr(context.context(), "_rng", None)
    if generator is not None and eager is not None:
        generator.setstate(eager)
    tf.random.get_global_generator().state.assign(stream)


def seed(seed: int) -> None:
    """See `keras_recipe.backend.Backend`."""
    tf.random.set_seed(seed)
    tf.random.get_global_generator().reset_from_seed(seed)


def devices() -> list[str]:
    """See `keras_recipe.backend.Backend`."""
    names = [device.name for device in tf.config.list_logical_devices()]
    return [name.removeprefix("/device:").lower() for name in names]


def independent_dataset(dataset: Any) -> Any:
    """Return a `tf.data.Dataset` of the same rows whose iteration leaves `dataset` alone.

    Every pass over a shuffled dataset advances a seed generator that lives inside it, so a
    pass of ours would change the order of the user's next epoch. The copy's shuffles get fixed
    seeds instead. A pipeline that cannot be copied is returned as it is.
    """
    try:
        graph = _graph(dataset)
        for node in [*graph.node, *(n for f in graph.library.function for n in f.node_def)]:
            if node.op == "ShuffleDatasetV3":  # its last input is the shared seed generator
                node.op = "ShuffleDataset"
                node.input.pop()
                node.attr["reshuffle_each_iteration"].b = False
        variant = tf.raw_ops.DatasetFromGraph(graph_def=graph.SerializeToString())
        return tf.data.experimental.from_variant(variant, dataset.element_spec)
    except (tf.errors.OpError, ValueError, TypeError, AttributeError):
        return dataset


def unseeded_shuffles(dataset: Any) -> int:
    """Return how many shuffles of a `tf.data.Dataset` start from a seed that nobody knows.

    A shuffle gets two seeds of 0 when neither its own nor the global one was set.
    """
    try:
        nodes = _graph(dataset).node
    except (tf.errors.OpError, ValueError, TypeError, AttributeError):
        return 0
    zeros = {
        n.name
        for n in nodes
        if n.op == "Const"
        and n.attr["dtype"].type == tf.int64.as_datatype_enum
        and not tf.make_ndarray(n.attr["value"].tensor).any()
    }
    shuffles = [n for n in nodes if n.op.startswith("Shuffle")]
    return sum(set(n.input[2:4]) <= zeros for n in shuffles)


def _graph(dataset: Any) -> Any:
    """Return the graph that a dataset stands for; Python state stays out of it."""
    return tf.compat.v1.GraphDef.FromString(
        tf.raw_ops.DatasetToGraphV2(
            input_dataset=tf.data.experimental.to_variant(dataset),
            external_state_policy=1,  # ignore it: a copy lives in this process
            strip_device_assignment=True,
        ).numpy()
    )
