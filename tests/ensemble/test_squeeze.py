"""All of the last stage on one small program."""

import json

import keras
import numpy as np
import pytest
from specimens import classifier, digits, subject

from keras_recipe.core.errors import InputError
from keras_recipe.data.batch import Batch
from keras_recipe.ensemble.library import Library
from keras_recipe.ensemble.pool import Pool
from keras_recipe.ensemble.squeeze import Squeeze, Wishes
from keras_recipe.experiments.held_out import HeldOut
from keras_recipe.surgery.preserve import variables_of

X, Y = digits()
TRAIN, VALIDATION, TEST = (
    Batch(X[part], Y[part]) for part in (slice(0, 300), slice(300, 700), slice(700, 1100))
)


def build():
    return classifier(optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])


def state(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables_of(model)]


def squeeze(tmp_path=None, *, test=False, rows=VALIDATION, **wishes):
    model = build()
    task = subject(model, X[:64], Y[:64]).task
    held = HeldOut(model=model, rows=rows, task=task)
    tested = HeldOut(model=model, rows=TEST, task=task, split="test")
    return Squeeze(
        build=build,
        train=TRAIN,
        held=held,
        test=tested if test else None,
        wishes=Wishes(**{"members": 3, "steps": 150} | wishes),
        folder=tmp_path,
    )


@pytest.fixture(scope="module")
def juice():
    return squeeze(test=True, longer=0.5).run()


def test_everything_has_a_part(juice):
    record = juice.record
    names = [one.name for one in record.ensemble.candidates]
    assert names[:3] == ["start, seed 0", "start, seed 1", "start, seed 2"]
    assert sum("averaged weights" in name for name in names) >= 3
    assert any("left training" in name for name in names) == (record.longer.best_at > 0)
    assert record.ensemble.loss <= record.ensemble.best
    assert record.ensemble.crossed.rows == 400
    assert record.averaging.move.name == "averaged weights"
    assert record.longer.gain.gain >= 0
    assert record.distilled is None or record.distilled.on_single.rows == 400
    assert set(record.test) <= {"ensemble", "student"}
    assert record.test["ensemble"].split == "test"
    json.dumps(record.to_dict())


def test_the_model_is_what_the_record_says(juice):
    outputs = juice.model.predict(VALIDATION.x, verbose=0)
    losses = -np.log(outputs[np.arange(400), VALIDATION.y])
    assert losses.mean() == pytest.approx(juice.record.ensemble.loss, rel=1e-4)
    test = juice.model.evaluate(TEST.x, TEST.y, verbose=0, return_dict=True)
    assert test["loss"] == pytest.approx(juice.record.test["ensemble"].after, rel=1e-4)


def test_seeds_alone_make_an_ensemble_with_a_student(tmp_path):
    made = squeeze(tmp_path, average=False)
    before = state(made.held.model)
    found = made.run()
    for one, other in zip(before, state(made.held.model), strict=True):
        np.testing.assert_array_equal(one, other)
    helped = found.record.ensemble.size > 1 and found.record.ensemble.crossed.gain > 0
    assert (found.student is not None) == helped
    assert {"averaged weights", "leave it training"} <= found.record.left_out.keys()
    lines = (tmp_path / "members.jsonl").read_text().splitlines()
    again = squeeze(tmp_path, average=False).run()
    assert (tmp_path / "members.jsonl").read_text().splitlines() == lines
    assert again.record.to_dict() == found.record.to_dict()


def test_a_journal_line_without_its_weights_is_trained_again(tmp_path):
    found = squeeze(tmp_path, average=False, student=False).run()
    (tmp_path / "start--seed-1.weights.h5").unlink()
    again = squeeze(tmp_path, average=False, student=False).run()
    assert again.record.to_dict() == found.record.to_dict()


class Trial:
    """As a search's record of a trial."""

    def __init__(self, path, status="COMPLETED"):
        self.path, self.status, self.hyperparameters, self.score = (
            path,
            status,
            {"rate": 0.01},
            1,
        )


def test_the_trials_of_a_search_take_part(tmp_path):
    paths = []
    for place in range(3):
        keras.utils.set_random_seed(place)
        model = build()
        model.fit(TRAIN.x, TRAIN.y, epochs=4, verbose=0)
        paths.append(tmp_path / f"trial{place}.keras")
        model.save(paths[-1])

    class Search:
        trials = (Trial(paths[0]), Trial(paths[1]), Trial(None, "FAILED"))

    (tmp_path / "bad.keras").write_text("no model")
    found = squeeze(members=0, library=Library.of(Search())).run()
    assert [one.name for one in found.record.ensemble.candidates] == [
        "trial 0: rate=0.01",
        "trial 1: rate=0.01",
    ]
    assert "1 have no model" in found.record.left_out["trials of the search"]
    before = state(model)
    other = Library.of([paths[2], model, tmp_path / "bad.keras", classifier(units=12)])
    found = squeeze(members=0, library=other, longer=0.2).run()
    assert len(found.record.ensemble.candidates) == 2 + (found.record.longer.best_at > 0)
    for one, two in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(one, two)
    assert "cannot load" in found.record.left_out["bad.keras"]
    assert "another kind" in found.record.left_out["model 3"]


def test_what_cannot_be_squeezed_is_refused():
    with pytest.raises(InputError, match="no trained model"):
        squeeze(members=0).run()
    with pytest.raises(InputError, match="At least 2 validation rows"):
        squeeze(rows=VALIDATION.take(slice(1))).run()
    for wrong in ("runs/search", 3, [3]):
        with pytest.raises(InputError, match="`search`"):
            Library.of(wrong)


def test_the_same_model_twice_counts_once():
    keras.utils.set_random_seed(0)
    one, other = build(), build()
    left_out = {}
    pool = Pool(TRAIN.x[:2], left_out)
    for name, model in (("a", one), ("b", one), ("c", other)):
        pool.add(name, model)
    assert list(pool.models) == ["a", "c"]
    assert left_out["b"] == "it is the same object as a"
