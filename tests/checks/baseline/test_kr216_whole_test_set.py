import keras
import numpy as np
import pytest
from specimens import classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.baseline.kr216_whole_test_set import whole_test_set
from keras_recipe.core.errors import InputError, NotApplicable
from keras_recipe.core.result import Status
from keras_recipe.examine import check


def halves(size=300):
    x, y = digits()
    return x[:200], y[:200], (x[-size:], y[-size:])


def judged(thresholds=None, **settings):
    x, y, held = halves()
    return examine(
        whole_test_set, classifier(), x, y, thresholds, validation_data=held, **settings
    )


def test_the_whole_set_passes_with_its_standard_error():
    result = judged()
    assert result.status is Status.PASS
    assert "all 300 rows" in result.message
    assert result.evidence["standard_error"] == pytest.approx(0.5 / 300**0.5)


def test_a_few_steps_of_it_warn():
    result = judged(validation_steps=2, batch_size=32)
    assert result.status is Status.WARN
    assert "64 of 300" in result.message
    assert result.evidence["standard_error"] == pytest.approx(0.5 / 8)


def test_steps_that_cover_it_pass():
    settings = {"validation_steps": 3, "validation_batch_size": 100}
    assert judged(**settings).status is Status.PASS


def test_the_threshold_decides():
    for share, status in ((0.2, Status.PASS), (0.3, Status.WARN)):
        assert judged({"share": share}, validation_steps=2, batch_size=32).status is status


def test_check_reads_the_arguments_of_fit():
    x, y, held = halves()
    settings = {"validation_data": held, "select": "KR216", "verbose": 0}
    report = check(classifier(), x, y, validation_steps=1, validation_freq=2, **settings)
    assert report["KR216"].status is Status.WARN
    with pytest.raises(InputError, match="validation_steps"):
        check(classifier(), x, y, validation_steps=0, **settings)


def test_the_error_of_an_amount_is_that_of_its_rows():
    x, y = diabetes()
    model = compiled(keras.layers.Dense(1), shape=(10,), loss="mse")
    held = (x[300:], y[300:])
    result = examine(whole_test_set, model, x[:300], y[:300], validation_data=held)
    said = model.predict(x[300:], verbose=0)[:, 0]
    expected = np.abs(said - y[300:]).std() / len(said) ** 0.5
    assert result.evidence["standard_error"] == pytest.approx(expected, rel=1e-3)


def test_without_validation_rows_there_is_nothing_to_say():
    x, y, _ = halves()
    with pytest.raises(NotApplicable, match="validation"):
        examine(whole_test_set, classifier(), x, y)
