"""Made-up rows at several shares: mixed ones weigh as much as a row, own ones are checked."""

import keras
import numpy as np
import pytest
from keras import layers as L

from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.data.batch import Batch
from keras_recipe.experiments.ladder import Ladder
from keras_recipe.experiments.moves_synthetic import synthetic
from keras_recipe.experiments.program import Program
from keras_recipe.subject import Subject

CENTRES = np.random.default_rng(9).normal(size=(3, 8))


def blobs(rows, seed=0):
    random = np.random.default_rng(seed)
    y = random.integers(3, size=rows).astype("int32")
    return Batch((CENTRES[y] + 1.3 * random.normal(size=(rows, 8))).astype("float32"), y)


def more(rows):
    made = blobs(len(rows), seed=int(1e6 * abs(rows.x[0, 0])))
    return made.x, made.y


def build(shape=(8,)):
    model = keras.Sequential(
        [keras.Input(shape), L.Flatten(), L.Dense(64, "relu"), L.Dense(3, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def planned(rows, model=None, **fields):
    model = model or build()
    found = Subject(model, rows.x, rows.y)
    program = Program(
        model=model, task=found.task, sample=found.sample, steps=80, batch_size=32, **fields
    )
    return {move.name: move for move in synthetic(program)}


def test_mixed_rows_lie_between_two_and_weigh_two_in_a_pair():
    rows = blobs(60)
    moves = planned(rows)
    assert list(moves) == ["MixUp 25%", "MixUp 50%"]
    for share, name in ((0.25, "MixUp 25%"), (0.5, "MixUp 50%")):
        made = moves[name].data(rows)
        count = len(made) - 60
        assert count / len(made) == pytest.approx(share, abs=0.02)
        np.testing.assert_array_equal(made.x[:60], rows.x)
        first = made.take(slice(60, 60 + count // 2))
        second = made.take(slice(60 + count // 2, None))
        np.testing.assert_array_equal(first.x, second.x)
        np.testing.assert_allclose(first.sample_weight + second.sample_weight, 2, rtol=1e-5)
        assert made.sample_weight[:60].tolist() == [1.0] * 60
        assert np.abs(first.x).max() <= np.abs(rows.x).max() + 1e-6
    again = moves["MixUp 50%"].data(rows)
    np.testing.assert_array_equal(again.x, made.x)


def test_images_are_cut_too_and_the_patch_says_how_much_each_label_weighs():
    random = np.random.default_rng(0)
    x = np.zeros((64, 8, 8, 1), "float32") + np.arange(64).reshape(-1, 1, 1, 1)
    rows = Batch(x, random.integers(3, size=64).astype("int32"))
    made = planned(rows, build((8, 8, 1)))["CutMix 50%"].data(rows)
    half = (len(made) - 64) // 2
    mixed, weights = made.x[64 : 64 + half, :, :, 0], made.sample_weight[64 : 64 + half] / 2
    kinds = [len(np.unique(image)) for image in mixed]
    assert set(kinds) <= {1, 2}
    assert kinds.count(2) > 5
    shares = [np.unique(i, return_counts=True)[1].max() / 64 for i in mixed]
    for share, weight, kind in zip(shares, weights, kinds, strict=True):
        if kind == 2:  # Keras's patch ends between pixels, of which there are only 8 a side
            assert min(abs(share - weight), abs(share - (1 - weight))) < 0.3


def test_weights_of_rows_are_kept():
    rows = Batch(*blobs(20).parts()[:2], np.full(20, 3.0, "float32"))
    made = planned(rows)["MixUp 50%"].data(rows)
    pairs = (len(made) - 20) // 2
    both = made.sample_weight[20 : 20 + pairs] + made.sample_weight[20 + pairs :]
    np.testing.assert_allclose(both, 6.0, rtol=1e-5)


def test_own_rows_come_first_and_help_where_they_are_true():
    rows = blobs(48)
    moves = planned(rows, synthetic=more)
    assert list(moves)[:2] == ["synthetic 25%", "synthetic 50%"]
    assert len(moves["synthetic 25%"].data(rows)) == 64
    ladder = Ladder(build, rows, blobs(300, 7), steps=80)
    found = ladder.climb([moves["synthetic 50%"]])
    assert [move.name for move in found.best] == ["synthetic 50%"]


@pytest.mark.parametrize(
    "wrong", [3, (np.ones((4, 5)), np.ones(4)), lambda rows: rows.x, np.ones((4, 8))]
)
def test_own_rows_of_another_form_are_refused_before_anything_runs(wrong):
    with pytest.raises(InputError, match="`synthetic` must be"):
        planned(blobs(32), synthetic=wrong)


def test_whole_numbers_and_own_training_steps_are_not_mixed():
    class Own(keras.Sequential):
        def train_step(self, *args):
            return super().train_step(*args)

    rows = blobs(32)
    own = Own(build().layers)
    own.compile("sgd", "sparse_categorical_crossentropy")
    own(rows.x)
    with pytest.raises(NotApplicable, match="training step is the model's own"):
        planned(rows, own)
    with pytest.raises(NotApplicable, match="whole numbers"):
        planned(Batch(rows.x.astype("int32"), rows.y))
