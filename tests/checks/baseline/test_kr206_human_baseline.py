import numpy as np
import pytest
from specimens import classifier, digits, subject

from keras_recipe.checks.baseline.kr206_human_baseline import human_baseline
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.data.human import new_answers
from keras_recipe.examine import check


def labelled(rows, errors=0, rounds=2, count=40):
    """Answers of a person who errs `errors` times in the last round."""
    truth = np.asarray(rows.y)
    made = new_answers("training", rows, truth, [str(i) for i in range(10)], count, seed=0)
    said = [made.truth[place] for place in made.order][: rounds * count]
    for at in range(errors):
        said[-1 - at] = (said[-1 - at] + 1) % 10
    made.said, made.seconds = said, [1.5] * len(said)
    return made


def judged(thresholds=None, *, trained=False, **how):
    x, y = (part[:200] for part in digits())
    made = subject(classifier(), x, y)
    made.human, made.trained = labelled(made.samples()["training"], **how), trained
    needs = [made.need(name) for name in human_baseline.needs]
    return human_baseline(*needs, **(thresholds or {}))


def test_a_person_is_shown():
    result = judged(errors=4)
    assert result.status is Status.PASS
    assert result.measured == pytest.approx(0.95)
    assert "1.5 s" in result.message
    assert "kappa" in result.message
    assert "the model" not in result.message


def test_a_trained_model_is_shown_beside_them():
    result = judged(trained=True)
    assert "the model on" in result.message
    assert result.pictures[0]["labels"] == ["person", "model"]
    assert 0 <= result.evidence["model"] < 0.5  # it was not trained in truth


def test_half_a_session_has_no_agreement():
    result = judged(rounds=1)
    assert result.status is Status.PASS
    assert "kappa" not in result.message


def test_who_disagrees_with_themselves_is_warned():
    assert judged(errors=30).status is Status.WARN


def test_the_threshold_decides():
    for agreement, status in ((0.3, Status.PASS), (0.99, Status.WARN)):
        assert judged({"agreement": agreement}, errors=10).status is status


def test_without_answers_the_command_is_named():
    made = subject(classifier(), *digits())
    needs = [made.need(name) for name in human_baseline.needs]
    with pytest.raises(NotApplicable, match="keras-recipe label"):
        human_baseline(*needs)


def test_check_finds_the_answers_that_lie_beside_the_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = (part[:200] for part in digits())
    made = labelled(subject(classifier(), x, y).samples()["training"])
    settings = {"select": "KR206", "verbose": 0}
    assert check(classifier(), x, y, **settings)["KR206"].status is Status.SKIP
    made.save(tmp_path / "runs" / "human" / f"{made.data}.json")
    assert check(classifier(), x, y, **settings)["KR206"].status is Status.PASS
    (tmp_path / "runs" / "human").rename(tmp_path / "kept")
    (tmp_path / "pyproject.toml").write_text('[tool.keras_recipe]\nhuman = "kept"\n')
    assert check(classifier(), x, y, **settings)["KR206"].status is Status.PASS
