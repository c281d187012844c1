"""Searches with KerasTuner: seeded, journaled, and the same after an interruption."""

import json

import board_reader
import keras
import keras_tuner
import numpy as np
import pytest
from climbing import build as climbing_build
from climbing import rows
from one_backend import ONE_BACKEND
from searching import TRIALS, build, searched

from keras_recipe.core.errors import ConfigError, InputError
from keras_recipe.experiments.journal import Journal
from keras_recipe.search.searching import SearchPlan
from keras_recipe.tensorboard import Writer


def plain_build():
    return climbing_build(dropout=0.1)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("done")
    return folder, searched(folder, board=Writer)


def timeless(result):
    return [{**t.timeless(), "path": None} for t in result.trials]


def test_every_trial_is_there_and_failed_ones_stay_failed(done):
    _, result = done
    assert len(result.trials) == TRIALS
    failed = [t for t in result.trials if t.status == "failed"]
    assert failed, "this seed draws eight units"
    assert all(t.hyperparameters["units"] == 8 for t in failed)
    assert all("eight is not built" in t.message for t in failed)
    scores = [t.score for t in result.record.ranked]
    assert scores == sorted(scores)
    assert len(scores) == TRIALS - len(failed)


def test_a_score_is_the_best_epoch_s_and_the_file_has_its_weights(done):
    _, result = done
    best = result.best
    assert best.score == min(best.curves["val_loss"])
    assert best.curves["val_loss"][best.epoch] == best.score
    held = rows(96, 192)
    loss = result.model.evaluate(held.x, held.y, verbose=0)[0]
    assert loss == pytest.approx(best.score, rel=1e-4)


def test_trials_are_runs_of_tensorboard_with_hyperparameters(done):
    folder, result = done
    run = folder / "tune" / "trials" / result.best.key
    assert board_reader.scalars(run)["tune/score"].popitem()[1] == pytest.approx(
        result.best.score, rel=1e-6
    )
    curve = board_reader.scalars(run / "validation")["epoch_loss"]
    assert list(curve.values()) == pytest.approx(result.best.curves["val_loss"], rel=1e-6)
    plugins = {
        value.metadata.plugin_data.plugin_name
        for event in board_reader.events(run)
        for value in event.summary.value
    }
    assert "hparams" in plugins


def test_table_and_pictures(done):
    _, result = done
    text = str(result)
    assert "best of 6 trials (random search" in text
    assert "eight is not built" in text
    assert [p["kind"] for p in result.pictures()][:1] == ["parallel"]
    assert "<table>" in result._repr_html_()
    json.dumps(result.to_dict())


def test_a_torn_journal_goes_on_and_ends_alike(done, tmp_path):
    folder, whole = done
    lines = (folder / "tune.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "tune.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:25])
    told = []
    again = searched(tmp_path, progress=told.append, board=Writer)
    assert timeless(again) == timeless(whole)
    runs = {path.name for path in (tmp_path / "tune" / "trials").iterdir()}
    assert runs == {trial.key for trial in again.trials}  # those of the journal, too
    trained = [text for text in told if text.startswith("trial")]
    assert len(trained) == TRIALS - 3
    told.clear()
    assert timeless(searched(tmp_path, progress=told.append)) == timeless(whole)
    assert not told  # nothing was left to train


def test_the_journal_of_another_search_is_refused(done):
    folder, _ = done
    before = (folder / "tune.jsonl").read_bytes()
    with pytest.raises(InputError, match=r"another run \(epochs differ\)"):
        searched(folder, epochs=3)
    assert (folder / "tune.jsonl").read_bytes() == before


@pytest.mark.parametrize(("method", "epochs"), [("bayesian", 1), ("hyperband", 3), ("grid", 1)])
def test_methods(method, epochs):
    result = searched(method=method, trials=3, epochs=epochs)
    assert result.record.method == method
    assert result.best.score is not None
    if method == "hyperband":
        assert {"tuner/epochs"} <= set(result.trials[0].hyperparameters)
    else:
        assert len(result.trials) == 3


def test_generators_and_policy_are_put_back():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        keras.utils.set_random_seed(3)
        expected = (np.random.random(), float(keras.random.uniform(())))
        keras.utils.set_random_seed(3)
        result = searched(trials=1)
        assert (np.random.random(), float(keras.random.uniform(()))) == expected
        assert keras.config.dtype_policy().name == "mixed_float16"
        assert result.trials[0].score is not None
    finally:
        keras.config.set_dtype_policy("float32")


def test_the_precision_policy_outlives_clear_session():
    seen = []

    def watched(hp):
        seen.append(keras.config.dtype_policy().name)
        return build(hp)

    keras.config.set_dtype_policy("mixed_float16")
    try:
        searched(make=watched, trials=2)
    finally:
        keras.config.set_dtype_policy("float32")
    assert set(seen) == {"mixed_float16"}


def test_a_program_without_hyperparameters_gets_a_space():
    result = searched(make=plain_build, trials=3)
    names = {axis.name for axis in result.record.axes}
    assert {"learning_rate", "weight_decay", "dropout", "batch_size", "width"} <= names
    rate = next(axis for axis in result.record.axes if axis.name == "learning_rate")
    assert rate.log
    assert rate.low < 1e-3 < rate.high


def test_the_values_of_a_made_space_take_effect():
    from keras_recipe.search.space import MadeSpace, fixed

    space = MadeSpace(plain_build, 32)
    values = {"learning_rate": 0.02, "dropout": 0.3, "width": 2.0, "batch_size": 16}
    values |= {"decay": True, "weight_decay": 0.01}
    model = fixed(space, values)()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    assert model.layers[0].units == 32
    drops = [la.rate for la in model.layers if isinstance(la, keras.layers.Dropout)]
    assert drops == [0.3]
    assert model.optimizer.weight_decay == pytest.approx(0.01)


def test_the_time_ends_a_search():
    result = searched(seconds=1e-6)
    assert len(result.trials) <= 1


def test_all_failed_is_one_sentence():
    def never(hp):
        model = build(hp)
        model.compile("adam", lambda y, p: keras.ops.sum(p) * float("nan"))
        return model

    with pytest.raises(InputError, match=r"All 3 trials failed; the first: .*finite"):
        searched(make=never, trials=3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "simulated annealing"}, "method of search"),
        ({"method": "random", "trials": 0}, "`trials`"),
        ({"method": "random", "epochs": 1.5}, "`epochs`"),
        ({"method": "random", "seconds": -1}, "`budget`"),
        ({"method": "random", "patience": -1}, "`patience`"),
        ({"method": "random", "objective": "val_quality"}, "more or less"),
    ],
)
def test_wrong_plans_are_one_sentence(settings, words):
    with pytest.raises((InputError, ConfigError), match=words):
        SearchPlan(**settings)


def test_nothing_to_search_is_said():
    def bare(hp):
        hp.Fixed("units", 4)
        return build(keras_tuner.HyperParameters())

    with pytest.raises(InputError, match="nothing to search"):
        searched(make=bare)


def test_a_trial_that_cannot_be_written_ends_the_search(tmp_path, monkeypatch):
    def full(self, record):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "add", full)
    with pytest.raises(InputError, match=r"Trial 0 cannot be written down: .*No space left"):
        searched(tmp_path, trials=2)


def test_an_error_with_a_sentence_of_its_own_is_a_failed_trial_too():
    asked = []

    def picky(hp):
        asked.append(hp)
        if len(asked) == 4:  # three builds explored the space
            msg = "this one not"
            raise InputError(msg)
        return build(hp)

    result = searched(make=picky, trials=3)
    assert len(result.trials) == 3
    assert ["this one not" in trial.message for trial in result.trials].count(True) == 1


def test_the_journal_of_other_data_or_another_model_is_refused(tmp_path):
    searched(tmp_path, trials=1)

    def wider(hp):
        model = build(hp)
        inner = keras.Sequential([*model.layers[:-1], keras.layers.Dense(5), model.layers[-1]])
        inner.compile(model.optimizer, model.loss)
        return inner

    with pytest.raises(InputError, match=r"another run \(model differ"):
        searched(tmp_path, make=wider, trials=1)
    with pytest.raises(InputError, match=r"another run \(data differ"):
        searched(tmp_path, trials=1, train=rows(1, 97))


def test_without_a_folder_the_model_is_trained_again():
    result = searched(trials=2)
    held = rows(96, 192)
    loss = result.model.evaluate(held.x, held.y, verbose=0)[0]
    untrained = build(keras_tuner.HyperParameters()).evaluate(held.x, held.y, verbose=0)[0]
    assert loss < untrained


def own_loss(y, prediction):
    return keras.losses.sparse_categorical_crossentropy(y, prediction)


def test_a_model_with_a_loss_of_its_own_is_loaded(tmp_path):
    def make(hp):
        model = build(hp)
        model.compile(model.optimizer, own_loss)
        return model

    result = searched(tmp_path, make=make, trials=2)
    held = rows(96, 192)
    found = result.model.evaluate(held.x, held.y, verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(result.best.score, rel=1e-4)


@ONE_BACKEND
def test_a_space_that_depends_on_itself_goes_on_alike(tmp_path):
    def make(hp):
        model = build(hp)
        hidden = [
            keras.layers.Dense(hp.Int(f"units_{place}", 4, 12, step=4), activation="relu")
            for place in range(hp.Int("layers", 1, 2))
        ]
        deep = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])
        deep.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        del model
        return deep

    def again(name):
        return searched(tmp_path / name, make=make, trials=5, epochs=1)

    whole = again("whole")
    lines = (tmp_path / "whole" / "tune.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "tune.jsonl").write_bytes(b"".join(lines[:4]))
    assert timeless(again("cut")) == timeless(again("whole")) == timeless(whole)
