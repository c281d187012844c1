"""`Recipe.squeeze`: the last stage, from the arguments to the file."""

import json

import keras
import numpy as np
import pytest
from specimens import classifier, digits

import keras_recipe
from keras_recipe.core.errors import InputError
from keras_recipe.experiments.ladder import Ladder
from keras_recipe.recipe import Recipe

X, Y = digits()


def build():
    return classifier(optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])


def recipe(**settings):
    """A recipe whose other stages are done; the rest of stage 6's checks is not run."""
    made = Recipe(
        build,
        data=(X[:300], Y[:300]),
        **{"validation_data": (X[300:700], Y[300:700]), "epochs": 12} | settings,
    )
    made._ground.done = {"1", "2", "3", "4", "5"}
    return made


def alone(found):
    """Whether no average was better than the best model."""
    return found.record.ensemble.size == 1


def untaught(found):
    """Whether no average was better: then there is nothing to teach."""
    return alone(found) or found.record.ensemble.crossed.gain <= 0


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    made = recipe(test_data=(X[700:1100], Y[700:1100]), log_dir=folder)
    return made, made.squeeze(3, longer=0.3, average=False, verbose=0), folder


def test_the_checks_of_stage_6_are_in_the_report(squeezed):
    made, found, _ = squeezed
    assert made.report["KR601"].status == "pass"
    taught = ("skip",) if untaught(found) else ("pass", "warn")
    assert made.report["KR602"].status in taught
    assert made.report["KR603"].status in ("pass", "warn")
    assert alone(found) or f"{found.record.ensemble.size} of" in made.report["KR601"].message


def test_one_file_holds_the_ensemble(squeezed):
    _, found, folder = squeezed
    assert found.path == folder / "ensemble.keras"
    again = keras.saving.load_model(found.path)
    np.testing.assert_allclose(
        again.predict(X[:50], verbose=0), found.model.predict(X[:50], verbose=0), atol=1e-6
    )


def test_it_is_shown_and_is_plain_data(squeezed):
    _, found, _ = squeezed
    data = json.loads(json.dumps(found.to_dict()))
    assert set(data["test"]) == ({"ensemble"} if untaught(found) else {"ensemble", "student"})
    assert "start, seed 0" in str(found)
    assert found.verdict.split(";")[0][:30] in str(found).replace("\n", " ")
    assert "<table>" in found._repr_html_()
    assert (found.student is None) == untaught(found)
    assert (found.single is found.model) == alone(found)


def test_trained_models_alone_will_do():
    models = []
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        models.append(build())
        models[-1].fit(X[:300], Y[:300], epochs=8, verbose=0)
    found = recipe().squeeze(0, models, longer=0, verbose=0)
    assert [one.name for one in found.record.ensemble.candidates] == ["model 0", "model 1"]
    assert found.path is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"members": 2.5}, "`members`"),
        ({"members": 0}, "members=0"),
        ({"budget": 0}, "`budget`"),
        ({"longer": -2}, "`longer`"),
        ({"longer": 10, "budget": 10}, "leaves nothing"),
        ({"distil": 3}, "`distil`"),
        ({"most": 0}, "`most`"),
        ({"search": 3}, "`search`"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_trained(arguments, words):
    with pytest.raises(InputError, match=words):
        recipe().squeeze(**arguments)


def test_without_validation_rows_nothing_can_be_chosen():
    with pytest.raises(InputError, match="validation"):
        recipe(validation_data=None).squeeze()


def test_what_build_wraps_is_squeezed_too():
    made = recipe(epochs=2)
    made._ground.build = lambda: keras_recipe.RecipeModel(build())
    found = made.squeeze(2, longer=0, average=False, verbose=0)
    assert found.record.ensemble.loss <= found.record.ensemble.best
    assert not [key for key in found.record.left_out if key.startswith("start")]


def test_members_are_trained_as_long_as_the_ladder_s_winner(tmp_path):
    made = recipe(epochs=1, log_dir=tmp_path)
    longer = Ladder(build, (X[:300], Y[:300]), (X[300:700], Y[300:700]), steps=24, seeds=(0, 1))
    made._ground.kept = longer.climb([])
    made.squeeze(1, longer=0, average=False, distil=False, verbose=0)
    lines = (tmp_path / "squeeze" / "members.jsonl").read_text().splitlines()
    assert json.loads(lines[1])["steps"] >= 24
