"""Healthy programs of many kinds, each with something that has fooled a checker before.

`BUILDERS` maps a name to a function that returns `(model, x, y, settings)`: a compiled model,
its data, and further arguments of `keras_recipe.check`.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as L
from specimens import SPARSE, cancer, compiled, diabetes, digits, one_hot

BUILDERS = {}
ADAM = keras.optimizers.Adam
PLAN = {"epochs": 20}


def healthy(builder):
    BUILDERS[builder.__name__] = builder
    return builder


def functional(inputs, outputs, loss=SPARSE, optimizer=None, **settings):
    model = keras.Model(inputs, outputs)
    model.compile(optimizer or ADAM(3e-3), loss, **settings)
    return model


def some_digits(rows=512, flat=True):
    x, y = digits(flat)
    return x[:rows], y[:rows]


def standard_diabetes():
    x, y = diabetes()
    return x, ((y - y.mean()) / y.std()).astype("float32")


@healthy
def linear_regression():
    return (
        compiled(L.Dense(1), shape=(10,), loss="mse", optimizer=ADAM(0.03)),
        *standard_diabetes(),
        PLAN,
    )


@healthy
def logistic_regression():
    model = compiled(
        L.Dense(1, activation="sigmoid"),
        shape=(30,),
        loss="binary_crossentropy",
        optimizer=ADAM(0.03),
        metrics=["accuracy"],
    )
    return model, *cancer(), PLAN


@healthy
def softmax_regression():
    return (
        compiled(L.Dense(10, activation="softmax"), optimizer=ADAM(0.01)),
        *some_digits(),
        PLAN,
    )


@healthy
def tiny_net():
    x = np.random.RandomState(0).uniform(-2, 2, (300, 1)).astype("float32")
    stack = L.Dense(4, activation="tanh"), L.Dense(1)
    return (
        compiled(*stack, shape=(1,), loss="mse", optimizer=ADAM(0.03)),
        x,
        np.sin(2 * x),
        PLAN,
    )


@healthy
def autoencoder():
    x, _ = some_digits()
    stack = L.Dense(32, activation="relu"), L.Dense(12), L.Dense(64, activation="sigmoid")
    return compiled(*stack, loss="binary_crossentropy", optimizer=ADAM(3e-3)), x, x, PLAN


@healthy
def linear_autoencoder():
    x, _ = some_digits()
    return compiled(L.Dense(12), L.Dense(64), loss="mse", optimizer=ADAM(3e-3)), x, x, PLAN


@healthy
def hinge_with_signs():
    x, y = cancer()
    model = compiled(
        L.Dense(16, activation="relu"),
        L.Dense(1, activation="tanh"),
        shape=(30,),
        loss="hinge",
        optimizer=ADAM(3e-3),
    )
    return model, x, (2 * y - 1).astype("float32"), PLAN


@healthy
def linear_hinge():
    x, y = cancer()
    model = compiled(L.Dense(1), shape=(30,), loss="squared_hinge", optimizer=ADAM(0.01))
    return model, x, (2 * y - 1).astype("float32"), PLAN


class Adversary(keras.Model):
    """A generator and a discriminator that take turns in a training step of their own."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([L.Dense(16, activation="relu"), L.Dense(2)])
        self.judge = keras.Sequential([L.Dense(16, activation="relu"), L.Dense(1)])

    def call(self, x):
        return self.judge(self.generator(x))

    def train_step(self, *arguments):
        return super().train_step(*arguments)


@healthy
def own_train_step():
    random = np.random.RandomState(0)
    x = random.normal(size=(256, 4)).astype("float32")
    model = Adversary()
    model.compile(ADAM(3e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    return model, x, (x[:, :1] * x[:, 1:2] > 0).astype("float32"), PLAN


@healthy
def output_without_loss():
    x, y = some_digits()
    inputs = keras.Input((64,))
    hidden = L.Dense(32, activation="relu")(inputs)
    digit = L.Dense(10, activation="softmax", name="digit")(hidden)
    extra = L.Dense(4, activation="relu", name="extra")(hidden)
    return (
        functional(inputs, {"digit": digit, "extra": extra}, {"digit": SPARSE}),
        x,
        {"digit": y},
        PLAN,
    )


@healthy
def class_weights():
    x, y = some_digits(1000)
    y = (y == 3).astype("int32")
    stack = L.Dense(16, activation="relu"), L.Dense(1, activation="sigmoid")
    model = compiled(*stack, loss="binary_crossentropy", optimizer=ADAM(3e-3))
    return model, x, y, {**PLAN, "class_weight": {0: 0.55, 1: 5.0}}


@healthy
def zero_sample_weights():
    x, y = some_digits()
    weights = (np.arange(len(x)) % 3 > 0).astype("float32")
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=ADAM(3e-3)), x, y, {**PLAN, "sample_weight": weights}


def tokens(rows=256, length=12, vocabulary=20):
    """Sequences padded on the right with 0; the next token depends on the present one."""
    random = np.random.RandomState(0)
    x = np.zeros((rows, length + 1), "int32")
    x[:, 0] = random.randint(1, vocabulary, rows)
    for t in range(length):
        x[:, t + 1] = (x[:, t] * 3 + random.randint(0, 2, rows)) % (vocabulary - 1) + 1
    ends = random.randint(length // 2, length + 2, rows)
    x[np.arange(length + 1) >= ends[:, None]] = 0
    return x[:, :-1], x[:, 1:]


@healthy
def masked_tokens():
    model = compiled(
        L.Embedding(20, 16, mask_zero=True),
        L.LSTM(24, return_sequences=True),
        L.Dense(20, activation="softmax"),
        shape=(12,),
        optimizer=ADAM(0.01),
    )
    return model, *tokens(), PLAN


@healthy
def batch_norm_images():
    model = compiled(
        L.Conv2D(8, 3, use_bias=False),
        L.BatchNormalization(),
        L.ReLU(),
        L.MaxPooling2D(),
        L.Flatten(),
        L.Dense(10, activation="softmax"),
        shape=(8, 8, 1),
        optimizer=ADAM(3e-3),
    )
    return model, *some_digits(flat=False), PLAN


@healthy
def half_precision():
    half = {"dtype": "mixed_float16"}
    inputs = keras.Input((64,))
    hidden = L.Dense(32, activation="relu", **half)(inputs)
    outputs = L.Dense(10, activation="softmax", dtype="float32")(hidden)
    optimizer = keras.optimizers.LossScaleOptimizer(ADAM(3e-3))
    return functional(inputs, outputs, optimizer=optimizer), *some_digits(), PLAN


@healthy
def unused_embedding_rows():
    random = np.random.RandomState(0)
    x = random.randint(0, 30, (400, 6)).astype("int32")
    y = (np.sum(x < 15, axis=1) >= 3).astype("float32")
    stack = L.Embedding(1000, 8), L.GlobalAveragePooling1D(), L.Dense(1, activation="sigmoid")
    model = compiled(*stack, shape=(6,), loss="binary_crossentropy", optimizer=ADAM(0.01))
    return model, x, y, PLAN


@healthy
def zero_head_and_branches():
    inputs = keras.Input((64,))
    hidden = L.Dense(32, activation="relu")(inputs)
    for _ in range(2):
        branch = L.Dense(32, activation="relu")(hidden)
        hidden = L.Add()([hidden, L.Dense(32, kernel_initializer="zeros")(branch)])
    outputs = L.Dense(10, activation="softmax", kernel_initializer="zeros")(hidden)
    return functional(inputs, outputs), *some_digits(), PLAN


@healthy
def frozen_pretrained_backbone():
    x, y = some_digits(600)
    backbone = keras.Sequential(
        [keras.Input((64,)), L.Dense(48, activation="relu"), L.Dense(24, activation="relu")]
    )
    before = keras.Sequential([backbone, L.Dense(5, activation="softmax")])
    before.compile(ADAM(5e-3), SPARSE)
    before.fit(x[y < 5], y[y < 5], epochs=8, verbose=0)
    backbone.trainable = False
    model = keras.Sequential([keras.Input((64,)), backbone, L.Dense(10, activation="softmax")])
    model.compile(ADAM(5e-3), SPARSE, metrics=["accuracy"])
    return model, x, y, PLAN


@healthy
def layer_norm_attention():
    inputs = keras.Input((12,), dtype="int32")
    hidden = L.Embedding(20, 16)(inputs)
    attended = L.MultiHeadAttention(2, 8)(hidden, hidden, use_causal_mask=True)
    hidden = L.LayerNormalization()(L.Add()([hidden, attended]))
    hidden = L.LayerNormalization()(
        hidden + L.Dense(16)(L.Dense(32, activation="gelu")(hidden))
    )
    outputs = L.Dense(20, activation="softmax")(hidden)
    x, y = tokens()
    return functional(inputs, outputs), np.maximum(x, 1), np.maximum(y, 1), PLAN


@healthy
def group_norm_and_noise():
    model = compiled(
        L.GaussianNoise(0.05),
        L.Conv2D(8, 3),
        L.GroupNormalization(4),
        L.Activation("silu"),
        L.SpatialDropout2D(0.2),
        L.Flatten(),
        L.Dense(10, activation="softmax"),
        shape=(8, 8, 1),
        optimizer=ADAM(3e-3),
    )
    return model, *some_digits(flat=False), PLAN


@healthy
def bytes_with_rescaling():
    x, y = some_digits(flat=False)
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    hidden = L.Flatten()(L.Rescaling(1 / 255)(inputs))
    outputs = L.Dense(10, activation="softmax")(L.Dense(32, activation="relu")(hidden))
    return functional(inputs, outputs), (x * 255).astype("uint8"), y, PLAN


@healthy
def dict_of_inputs():
    x, y = some_digits()
    parts = {name: keras.Input((32,), name=name) for name in ("upper", "lower")}
    joined = L.Concatenate()(list(parts.values()))
    outputs = L.Dense(10, activation="softmax")(L.Dense(32, activation="relu")(joined))
    return functional(parts, outputs), {"upper": x[:, :32], "lower": x[:, 32:]}, y, PLAN


class Plain(keras.Model):
    """A subclass whose `call` knows nothing of `training`."""

    def __init__(self):
        super().__init__()
        self.hidden = L.Dense(32, activation="relu")
        self.drop = L.Dropout(0.2)
        self.head = L.Dense(10, activation="softmax")

    def call(self, inputs):
        return self.head(self.drop(self.hidden(inputs)))


@healthy
def subclass_without_training():
    model = Plain()
    model.compile(ADAM(3e-3), SPARSE)
    return model, *some_digits(), PLAN


@healthy
def stateful_recurrence():
    random = np.random.RandomState(0)
    x = random.normal(size=(32, 6, 2)).astype("float32")
    y = (x[:, :, 0].sum(1) > 0).astype("float32")
    inputs = keras.Input((6, 2), batch_size=32)
    outputs = L.Dense(1, activation="sigmoid")(L.GRU(12, stateful=True)(inputs))
    model = functional(inputs, outputs, "binary_crossentropy", ADAM(0.01))
    return model, x, y, {"epochs": 200, "shuffle": False}


@healthy
def fixed_batch_size():
    inputs = keras.Input((64,), batch_size=16)
    outputs = L.Dense(10, activation="softmax")(L.Dense(32, activation="relu")(inputs))
    return functional(inputs, outputs), *some_digits(), {**PLAN, "batch_size": 16}


@healthy
def parametric_relu():
    stack = L.Dense(32), L.PReLU(), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=ADAM(3e-3)), *some_digits(), PLAN


@healthy
def warm_up_from_zero():
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 2000, warmup_target=5e-3, warmup_steps=60
    )
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(*stack, optimizer=ADAM(rate)), *some_digits(), {"epochs": 120}


@healthy
def converged():
    x, y = some_digits(300)
    stack = L.Dense(64, activation="relu"), L.Dense(10, activation="softmax")
    model = compiled(*stack, optimizer=ADAM(0.01))
    model.fit(x, y, epochs=40, verbose=0)
    return model, x, y, PLAN


@healthy
def label_smoothing():
    x, y = some_digits()
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    stack = L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")
    return compiled(*stack, loss=loss, optimizer=ADAM(3e-3)), x, one_hot(y), PLAN


@healthy
def logits():
    x, y = some_digits()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    stack = L.Dense(32, activation="gelu"), L.Dense(10)
    return compiled(*stack, loss=loss, optimizer=ADAM(3e-3), metrics=["accuracy"]), x, y, PLAN


@healthy
def siamese():
    x, y = some_digits(600)
    pairs = np.random.RandomState(0).permutation(len(x))
    encoder = keras.Sequential(
        [keras.Input((64,)), L.Dense(32, activation="relu"), L.Dense(8, use_bias=False)]
    )
    a, b = keras.Input((64,)), keras.Input((64,))
    gap = keras.ops.square(encoder(a) - encoder(b))
    model = functional(
        [a, b], L.Dense(1, activation="sigmoid")(gap), "binary_crossentropy", ADAM(0.01)
    )
    return model, [x, x[pairs]], np.abs(y - y[pairs]).clip(0, 1).astype("float32"), PLAN


@healthy
def counts():
    x, _ = standard_diabetes()
    y = (
        np.random.RandomState(0)
        .poisson(np.exp(0.4 * x[:, 0] + 0.3 * x[:, 2]))
        .astype("float32")
    )
    stack = L.Dense(8, activation="relu"), L.Dense(1, activation="exponential")
    return compiled(*stack, shape=(10,), loss="poisson", optimizer=ADAM(5e-3)), x, y, PLAN


def gaussian_likelihood(y_true, y_pred):
    mean, log_variance = y_pred[..., :1], y_pred[..., 1:]
    return log_variance + keras.ops.square(y_true - mean) * keras.ops.exp(-log_variance)


@healthy
def own_likelihood():
    x, y = standard_diabetes()
    stack = L.Dense(16, activation="relu"), L.Dense(2)
    model = compiled(*stack, shape=(10,), loss=gaussian_likelihood, optimizer=ADAM(3e-3))
    return model, x, y[:, None], PLAN


class Sampled(L.Layer):
    """Draws around its input while training, with a KL penalty: a variational bottleneck."""

    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(0)

    def call(self, inputs, training=False):
        self.add_loss(1e-3 * keras.ops.mean(keras.ops.square(inputs)))
        noise = keras.random.normal(keras.ops.shape(inputs), seed=self.seed)
        return inputs + 0.1 * noise if training else inputs


@healthy
def variational_autoencoder():
    x, _ = some_digits()
    inputs = keras.Input((64,))
    code = Sampled()(L.Dense(8)(L.Dense(32, activation="relu")(inputs)))
    outputs = L.Dense(64, activation="sigmoid")(L.Dense(32, activation="relu")(code))
    return functional(inputs, outputs, "binary_crossentropy"), x, x, PLAN


@healthy
def pixels():
    x, _ = some_digits(256, flat=False)
    stack = (
        L.Conv2D(8, 3, padding="same", activation="relu"),
        L.Conv2D(1, 1, activation="sigmoid"),
    )
    model = compiled(*stack, shape=(8, 8, 1), loss="binary_crossentropy", optimizer=ADAM(0.01))
    return model, x, (x > 0.5).astype("float32"), PLAN


@healthy
def separable_convolutions():
    stack = (
        L.SeparableConv2D(16, 3, activation="relu"),
        L.DepthwiseConv2D(3),
        L.Conv2D(16, 1, activation="relu"),
        L.GlobalAveragePooling2D(),
        L.Dense(10, activation="softmax"),
    )
    return (
        compiled(*stack, shape=(8, 8, 1), optimizer=ADAM(5e-3)),
        *some_digits(flat=False),
        PLAN,
    )


@healthy
def two_heads_with_dropout():
    x, y = some_digits()
    inputs = keras.Input((64,))
    hidden = L.Dropout(0.3)(L.Dense(48, activation="elu")(inputs))
    digit = L.Dense(10, activation="softmax", name="digit")(hidden)
    odd = L.Dense(1, activation="sigmoid", name="odd")(hidden)
    model = functional(
        inputs, [digit, odd], [SPARSE, "binary_crossentropy"], loss_weights=[1.0, 0.5]
    )
    return model, x, [y, (y % 2).astype("float32")], PLAN


@healthy
def regression_far_from_zero():
    x, y = diabetes()
    model = compiled(
        L.Dense(16, activation="relu"),
        L.Dense(1, bias_initializer=keras.initializers.Constant(float(y.mean()))),
        shape=(10,),
        loss="mae",
        optimizer=ADAM(0.05),
    )
    return model, x, y, {**PLAN, "epochs": 60}
