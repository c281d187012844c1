import json

import healthy
import keras
import numpy as np
import pytest
from keras import layers as L
from specimens import SPARSE, examine

from keras_recipe.checks.baseline.kr214_causality import causality
from keras_recipe.core.errors import NotApplicable

STEPS, WORDS = 12, 20


def language_model(*stack, inputs=(STEPS,), loss=SPARSE, head=None):
    stack = [*stack, head or L.Dense(WORDS, activation="softmax")]
    model = keras.Sequential([keras.Input(inputs), *stack])
    model.compile("adam", loss)
    return model


def attention(causal, length=STEPS):
    inputs = keras.Input((length,), dtype="int32")
    hidden = L.Embedding(WORDS, 16)(inputs)
    for _ in range(2):
        mixed = L.MultiHeadAttention(2, 8)(hidden, hidden, use_causal_mask=causal)
        hidden = L.LayerNormalization()(hidden + mixed)
    model = keras.Model(inputs, L.Dense(WORDS, activation="softmax")(hidden))
    model.compile("adam", SPARSE)
    return model


def series(rows=64, steps=STEPS):
    random = np.random.RandomState(0)
    walk = np.cumsum(random.normal(size=(rows, steps + 1, 1)), axis=1).astype("float32")
    return walk[:, :-1], walk[:, 1:]


def verdict(model, x, y, **settings):
    return examine(causality, model, x, y, **settings)


def convolution(padding, **arguments):
    return L.Conv1D(16, 3, padding=padding, activation="relu", **arguments)


SEEING = {
    "attention": lambda: attention(causal=False),
    "both directions": lambda: language_model(
        L.Embedding(WORDS, 8), L.Bidirectional(L.GRU(8, return_sequences=True))
    ),
    "backwards": lambda: language_model(
        L.Embedding(WORDS, 8), L.GRU(8, return_sequences=True, go_backwards=True)
    ),
    "same padding": lambda: language_model(L.Embedding(WORDS, 8), convolution("same")),
}
BLIND = {
    "attention": lambda: attention(causal=True),
    "recurrence": lambda: language_model(
        L.Embedding(WORDS, 8, mask_zero=True), L.LSTM(8, return_sequences=True)
    ),
    "causal padding": lambda: language_model(
        L.Embedding(WORDS, 8), convolution("causal", dilation_rate=2)
    ),
    "bigrams": lambda: language_model(L.Embedding(WORDS, 8)),
}


@pytest.mark.parametrize("name", SEEING)
def test_a_net_that_sees_the_next_token_fails(name):
    result = verdict(SEEING[name](), *healthy.tokens())
    assert result.status == "fail"
    assert result.measured > 1e-3


@pytest.mark.parametrize("name", BLIND)
def test_a_net_that_looks_only_back_passes(name):
    result = verdict(BLIND[name](), *healthy.tokens())
    assert result.status == "pass"
    assert result.measured == pytest.approx(0.0, abs=1e-6)


def test_the_chart_is_empty_above_the_diagonal():
    result = verdict(attention(causal=True), *healthy.tokens())
    chart = np.array(result.evidence["dependency"])
    assert chart.shape == (STEPS, STEPS)
    assert np.triu(chart, 1).max() < 1e-6
    assert np.diag(chart).min() > 0
    assert result.pictures[0]["kind"] == "matrix"
    json.dumps(result.to_dict())


def test_long_sequences_take_a_bounded_number_of_passes():
    x, y = healthy.tokens(rows=32, length=60)
    model = attention(causal=False, length=60)
    calls, predict = [], model.predict_on_batch

    def counting(inputs):
        calls.append(1)
        return predict(inputs)

    vars(model)["predict_on_batch"] = counting
    result = verdict(model, x, y)
    assert result.status == "fail"
    assert result.evidence["input_steps_a_column"] == 4
    assert len(calls) <= 40


@pytest.mark.parametrize(("padding", "status"), [("same", "fail"), ("causal", "pass")])
def test_the_next_number_of_a_series(padding, status):
    model = language_model(convolution(padding), inputs=(STEPS, 1), loss="mse", head=L.Dense(1))
    assert verdict(model, *series()).status == status


def test_targets_on_another_scale_are_still_the_next_input():
    x, y = series()
    model = language_model(convolution("same"), inputs=(STEPS, 1), loss="mse", head=L.Dense(1))
    assert verdict(model, x, (y - 3) / 7).status == "fail"


def test_characters_as_one_hot_vectors():
    x, y = healthy.tokens()
    one_hot = np.eye(WORDS, dtype="float32")
    both = L.Bidirectional(L.GRU(8, return_sequences=True))
    loss = "categorical_crossentropy"
    model = language_model(both, inputs=(STEPS, WORDS), loss=loss)
    assert verdict(model, one_hot[x], one_hot[y]).status == "fail"
    ahead = L.GRU(8, return_sequences=True)
    model = language_model(ahead, inputs=(STEPS, WORDS), loss=loss)
    assert verdict(model, one_hot[x], one_hot[y]).status == "pass"


def tags(x):
    """Whether a token is larger than the one after it: a tag that needs to look ahead."""
    after = np.concatenate([x[:, 1:], x[:, -1:]], axis=1)
    return (x > after).astype("int32")


@pytest.mark.parametrize("kind", ["tags", "lower case", "reversed", "history"])
def test_a_tagger_may_see_everything(kind):
    x, _ = healthy.tokens()
    y = {
        "tags": tags(x),
        "lower case": x // 2,
        "reversed": x[:, ::-1],
        "history": np.concatenate([x[:, :1], x[:, :-1]], axis=1),
    }[kind]
    with pytest.raises(NotApplicable, match="later step"):
        verdict(attention(causal=False), x, y)


def test_an_autoencoder_may_see_everything():
    x, _ = healthy.tokens()
    with pytest.raises(NotApplicable, match="autoencoder"):
        verdict(attention(causal=False), x, x)


@pytest.mark.parametrize(
    ("name", "status"),
    [("attention", "fail"), ("causal padding", "fail"), ("recurrence", "warn")],
)
def test_targets_that_were_not_shifted(name, status):
    x, _ = healthy.tokens()
    result = verdict(BLIND[name](), x, x)
    assert result.status == status
    assert "shift" in result.cause


def test_a_net_may_shift_its_inputs_itself():
    x, _ = healthy.tokens()
    inputs = keras.Input((STEPS,), dtype="int32")
    before = keras.ops.pad(inputs[:, :-1], [[0, 0], [1, 0]])
    hidden = L.Embedding(WORDS, 8)(before)
    hidden = hidden + L.MultiHeadAttention(1, 8)(hidden, hidden, use_causal_mask=True)
    model = keras.Model(inputs, L.Dense(WORDS, activation="softmax")(hidden))
    model.compile("adam", SPARSE)
    assert verdict(model, x, x).status == "pass"


def test_padding_is_no_evidence_for_a_missing_shift():
    x, y = healthy.tokens()
    x, y = (np.pad(v, [(0, 0), (0, 100)]) for v in (x, y))
    x[:, 4:] = 0
    y[:, 3:] = 0
    result = verdict(attention(causal=False, length=112), x, y)
    assert result.status == "fail"
    assert "t + 1" in result.message


class Turned(L.Layer):
    """Turns the steps around."""

    def call(self, x):
        return keras.ops.flip(x, axis=1)


class Reshaped(L.Layer):
    """Swaps steps and features by a reshape where a transpose was meant, and back."""

    def call(self, x):
        swapped = keras.ops.reshape(x, (-1, x.shape[2], x.shape[1]))
        return keras.ops.transpose(swapped, (0, 2, 1))


@pytest.mark.parametrize("layer", [Turned, Reshaped])
def test_steps_that_were_mixed_up_fail(layer):
    model = language_model(L.Embedding(WORDS, 8), layer(), L.GRU(8, return_sequences=True))
    assert verdict(model, *healthy.tokens()).status == "fail"


def test_statistics_over_the_steps_are_only_a_warning():
    convolutions = L.Conv1D(8, 3, padding="causal"), L.GroupNormalization(2)
    model = language_model(L.Embedding(WORDS, 8), *convolutions)
    assert verdict(model, *healthy.tokens()).status == "warn"


def test_a_wave_tells_its_future_by_its_past():
    start = np.random.RandomState(0).uniform(0, 6.28, (64, 1, 1))
    wave = np.sin(start + 0.5 * np.arange(STEPS + 3)[None, :, None]).astype("float32")
    both = L.Bidirectional(L.GRU(8, return_sequences=True))
    model = language_model(both, inputs=(STEPS, 1), loss="mse", head=L.Dense(1))
    with pytest.raises(NotApplicable):
        verdict(model, wave[:, :-3], np.gradient(wave, axis=1)[:, :-3])


def test_backprop_agrees_with_changing_the_inputs():
    model = language_model(convolution("same"), inputs=(STEPS, 1), loss="mse", head=L.Dense(1))
    result = verdict(model, *series())
    changed, gradient = (np.array(p["values"]) for p in result.pictures)
    assert gradient.shape == (STEPS, STEPS)
    np.testing.assert_array_equal(changed > 0, gradient > 0)


def test_filling_gaps_is_no_next_token():
    x, _ = healthy.tokens()
    gaps = np.where(np.random.RandomState(0).uniform(size=x.shape) < 0.15, 0, x)
    with pytest.raises(NotApplicable):
        verdict(attention(causal=False), gaps, x)


def test_two_symbols_that_alternate_prove_nothing():
    x = (np.arange(STEPS) + np.arange(64)[:, None]).astype("int32") % 2
    with pytest.raises(NotApplicable):
        verdict(attention(causal=False), x, 1 - x)


def test_forecasts_of_the_time_after_the_inputs():
    walk, _ = series(steps=2 * STEPS)
    both = L.Bidirectional(L.GRU(8, return_sequences=True))
    model = language_model(both, inputs=(STEPS, 1), loss="mse", head=L.Dense(1))
    with pytest.raises(NotApplicable):
        verdict(model, walk[:, :STEPS], walk[:, STEPS:])


@pytest.mark.parametrize(("causal", "status"), [(True, "pass"), (False, "fail")])
def test_an_encoder_may_see_its_sequence_but_a_decoder_may_not(causal, status):
    x, y = healthy.tokens()
    source, target = (
        keras.Input((STEPS,), dtype="int32", name=n) for n in ("source", "target")
    )
    memory = L.GRU(16)(L.Embedding(WORDS, 8)(source))
    hidden = L.Embedding(WORDS, 16)(target)
    mixed = L.MultiHeadAttention(2, 8)(hidden, hidden, use_causal_mask=causal)
    hidden = hidden + mixed + L.Reshape((1, 16))(memory)
    model = keras.Model([source, target], L.Dense(WORDS, activation="softmax")(hidden))
    model.compile("adam", SPARSE)
    assert verdict(model, [x[:, ::-1].copy(), x], y).status == status
    assert verdict(model, [x, x], y).status == status


def test_one_label_a_sequence_is_skipped():
    x, _ = healthy.tokens()
    model = keras.Sequential([keras.Input((STEPS,)), L.Embedding(WORDS, 8), L.GRU(8)])
    model.add(L.Dense(2, activation="softmax"))
    model.compile("adam", SPARSE)
    with pytest.raises(NotApplicable, match="each step"):
        verdict(model, x, x[:, 0] % 2)


def wide(*more, **settings):
    reader = L.LSTM(24, return_sequences=True, **settings)
    return language_model(L.Embedding(WORDS, WORDS), *more, reader)


def test_a_recurrent_net_that_can_only_repeat_fails():
    x, _ = healthy.tokens()
    result = verdict(wide(), x, x)
    assert result.status == "fail"
    assert "shift" in result.cause


@pytest.mark.parametrize("name", ["narrow", "noise", "dropout", "penalty", "nearly all"])
def test_what_may_be_an_autoencoder_or_a_tagger_only_warns(name):
    x, _ = healthy.tokens()
    model, y = {
        "narrow": lambda: (wide(L.Dense(4)), x),
        "noise": lambda: (wide(L.GaussianNoise(0.1)), x),
        "dropout": lambda: (wide(recurrent_dropout=0.1), x),
        "penalty": lambda: (wide(kernel_regularizer="l2"), x),
        "nearly all": lambda: (wide(), np.where(np.arange(len(x))[:, None] == 100, x[::-1], x)),
    }[name]()
    assert verdict(model, x, y).status == "warn"
