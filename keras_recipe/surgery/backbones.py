"""Keras's own pretrained architectures inside a model, and what reaches them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_recipe.loss import tensors
from keras_recipe.surgery.layers import walk
from keras_recipe.surgery.shadowed import shadowed

#: Start of a model's name -> (its module in keras.applications, what pretrained weights take).
_FAMILIES = {
    "resnet50v2": ("resnet_v2", "signed"),
    "resnet101v2": ("resnet_v2", "signed"),
    "resnet152v2": ("resnet_v2", "signed"),
    "resnet": ("resnet", "caffe"),
    "vgg16": ("vgg16", "caffe"),
    "vgg19": ("vgg19", "caffe"),
    "mobilenetv3": ("mobilenet_v3", "bytes"),
    "mobilenetv2": ("mobilenet_v2", "signed"),
    "mobilenet": ("mobilenet", "signed"),
    "efficientnetv2": ("efficientnet_v2", "bytes"),
    "efficientnet": ("efficientnet", "bytes"),
    "convnext": ("convnext", "bytes"),
    "densenet": ("densenet", "torch"),
    "xception": ("xception", "signed"),
    "inception_resnet": ("inception_resnet_v2", "signed"),
    "inception": ("inception_v3", "signed"),
    "nasnet": ("nasnet", "signed"),
}
_WORDS = {
    "signed": "-1 to 1",
    "caffe": "0 to 255 minus ImageNet's means, blue first",
    "torch": "values standardised by ImageNet's means",
    "bytes": "0 to 255: it rescales inside",
}


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """One such architecture.

    Attributes:
        path: Path of the nested model.
        module: Its module in `keras.applications`.
        form: `"signed"`, `"caffe"`, `"torch"` or `"bytes"`.
        low: Lowest value that arrives.
        high: Highest value that arrives.
    """

    path: str
    module: str
    form: str
    low: float
    high: float

    @property
    def expects(self) -> str:
        """What pretrained weights take, in words."""
        return _WORDS[self.form]

    @property
    def fits(self) -> bool:
        """Whether the values could be of that form."""
        return {
            "signed": self.low < -0.1 and self.low >= -1.01 and self.high <= 1.01,
            "caffe": self.low < -5 and self.low >= -124 and self.high <= 152,
            "torch": self.low < -0.1 and self.low >= -2.2 and self.high <= 2.7,
            "bytes": self.low >= 0 and self.high > 2,
        }[self.form]

    @property
    def code(self) -> str:
        """The one line that prepares inputs for it."""
        return f"x = keras.applications.{self.module}.preprocess_input(x)  # x from 0 to 255"


def _family(name: str) -> tuple[str, str] | None:
    name = name.lower()
    return next((facts for start, facts in _FAMILIES.items() if name.startswith(start)), None)


def backbones(model: Any, x: Any) -> list[Backbone]:
    """Return the nested models that `keras.applications` made, with what arrives there.

    Args:
        model: A built model; it is called eagerly once, in inference mode, if there is one.
        x: A few rows of inputs.
    """
    nested = [
        (path, layer, family)
        for path, layer in walk(model)
        if isinstance(layer, keras.Model) and (family := _family(layer.name))
    ]
    seen: dict[str, np.ndarray] = {}

    def around(path: str, layer: Any) -> Callable[..., Any]:
        original = layer.call

        def call(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            with suppress(Exception):  # a traced value has no numbers
                seen[path] = np.asarray(keras.ops.convert_to_numpy(inputs))
            return original(inputs, *args, **kwargs)

        return call

    fresh = [(path, layer) for path, layer, _ in nested if "call" not in vars(layer)]
    if not fresh:
        return []
    takes = "training" in inspect.signature(model.call).parameters
    # the user's own `call` runs here
    with shadowed(fresh, around), suppress(Exception):
        model(tensors(x), **({"training": False} if takes else {}))
    return [
        Backbone(
            path=path,
            module=family[0],
            form=family[1],
            low=float(seen[path].min()),
            high=float(seen[path].max()),
        )
        for path, _, family in nested
        if path in seen and np.isfinite(seen[path]).all()
    ]
