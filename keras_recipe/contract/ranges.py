"""What values a head can give, and what values a loss is defined on."""

from __future__ import annotations

import math

from keras_recipe.task import EXCLUSIVE, INDEPENDENT, Head

_INF = math.inf

#: Smallest and largest value of Keras's activations; those not named are unbounded.
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax"), (0.0, 1.0)),
    "sparsemax": (0.0, 1.0),
    **dict.fromkeys(("tanh", "softsign", "hard_tanh"), (-1.0, 1.0)),
    **dict.fromkeys(("relu", "softplus", "exponential", "squareplus"), (0.0, _INF)),
    "sparse_plus": (0.0, _INF),
    "relu6": (0.0, 6.0),
    "selu": (-1.7582, _INF),
    "gelu": (-0.17005, _INF),
    **dict.fromkeys(("silu", "swish"), (-0.27847, _INF)),
    "mish": (-0.30885, _INF),
    **dict.fromkeys(("hard_silu", "hard_swish"), (-0.375, _INF)),
    **dict.fromkeys(("log_sigmoid", "log_softmax"), (-_INF, 0.0)),
}
#: Activations that map any score, however small, to a positive number.
POSITIVE = ("softplus", "exponential", "squareplus")
#: Losses over classes that divide the outputs of a row by their sum.
RENORMALISED = EXCLUSIVE - {"categorical_hinge"}
#: Losses that read their input as probabilities unless `from_logits`.
PROBABILITY = RENORMALISED | INDEPENDENT | {"kl_divergence"}

#: Losses counted in nats, growing by one for each factor e of a probability.
CROSS_ENTROPIES = {
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "kl_divergence",
}


def head_range(head: Head) -> tuple[float, float]:
    """Return the smallest and the largest value a head can give."""
    return RANGES.get(head.activation, (-_INF, _INF))


def is_squared(name: str) -> bool:
    """Whether a loss measures a distance between amounts."""
    return name.startswith(("mean_", "huber", "log_cosh"))
