"""One name of a hyperparameter under several conditions: drawn from the seed, and used."""

import keras
import pytest
from one_backend import ONE_BACKEND
from searching import searched

from keras_recipe.core.errors import InputError
from keras_recipe.search.namesakes import Hyperparameters

pytestmark = ONE_BACKEND


def make(hp, high=0.1):
    """Two optimizers, each with rates of its own under the same name."""
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, "softmax")])
    kind = hp.Choice("kind", ["SGD", "Adam"])
    for name, low in (("SGD", 1e-2), ("Adam", 1e-4)):
        with hp.conditional_scope("kind", [name]):
            if kind == name:
                rate = hp.Float("rate", low, high if name == "SGD" else 1e-3)
    model.compile(
        getattr(keras.optimizers, kind)(rate), "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )  # fmt: skip
    return model


def values(found):
    return [trial.hyperparameters for trial in found.trials]


@pytest.mark.parametrize("method", ["random", "bayesian", "optuna"])
def test_a_search_goes_on_with_the_same_trials(tmp_path, method):
    def again(name):
        return searched(tmp_path / name, method, make, trials=6, epochs=1)

    whole = again("whole")
    assert {trial.status for trial in whole.trials} == {"done"}
    kinds = {one["kind"] for one in values(whole)}
    assert kinds == {"SGD", "Adam"}
    assert all((one["rate"] >= 1e-2) == (one["kind"] == "SGD") for one in values(whole))
    lines = (tmp_path / "whole" / "tune.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "tune.jsonl").write_bytes(b"".join(lines[:4]))
    assert values(again("cut")) == values(again("whole")) == values(whole)


def test_a_missing_value_is_drawn_alike():
    def drawn():
        space = Hyperparameters()
        for other in ("a", "b"):
            space.Choice("kind", ["a", "b"])
            with space.conditional_scope("kind", [other]):
                space.Int("size", 1, 10**6)
        copy = space.copy()
        copy.values = {"kind": "b"}
        copy.ensure_active_values()
        return copy.values

    assert drawn() == drawn()
    assert set(drawn()) == {"kind", "size"}


def test_a_grid_that_cannot_be_made_is_refused():
    with pytest.raises(InputError, match="'rate' has other values under another condition"):
        searched(method="grid", make=make, trials=2, epochs=1)
