"""Values that stand alone are named; heavy tails are left alone."""

import numpy as np
import pytest
from keras import layers
from specimens import cancer, classifier, compiled, diabetes, digits, examine

from keras_recipe.checks.data.kr108_outliers import outliers
from keras_recipe.core.errors import NotApplicable
from keras_recipe.core.result import Status


def examined(x, thresholds=None):
    model = compiled(layers.Dense(1), shape=x.shape[1:], loss="mse")
    return examine(outliers, model, x.astype("float32"), x[:, 0], thresholds)


@pytest.mark.parametrize(
    "x",
    [
        cancer()[0],
        diabetes()[0],
        np.random.default_rng(0).lognormal(0, 2, (500, 3)),
        np.random.default_rng(0).standard_normal((500, 3)) * [1, 1e6, 1e-6],
        np.where(np.random.default_rng(0).random((500, 3)) < 0.9, 0, 5),
    ],
)
def test_tails_and_rare_codes_pass(x):
    assert examined(x).status is Status.PASS


@pytest.mark.parametrize(("value", "times"), [(-999, 1), (-999, 30), (1e6, 2)])
def test_a_value_that_stands_alone_warns(value, times):
    x, _ = diabetes()
    x = x.copy()
    x[10 : 10 + times, 4] = value
    result = examined(x)
    assert result.status is Status.WARN
    assert result.where == "x[:, 4]"
    assert result.evidence["rows_of_the_sample"][0]["value"] == value


def test_a_code_that_few_of_all_rows_hold_warns():
    x = np.random.default_rng(0).standard_normal((5000, 6)) + 20
    assert examined(x).status is Status.PASS
    x[[3, 4000], 2] = x[77, 5] = -9999
    result = examined(x)
    assert result.status is Status.WARN
    assert "-9999 occurs in x[:, 2] and 1 more" in result.message
    assert result.evidence["columns"] == ["x[:, 2]", "x[:, 5]"]


def test_a_code_in_a_series_warns():
    x = np.random.default_rng(0).standard_normal((300, 12, 3)).cumsum(1)
    x[40, 3, 1] = -9999
    model = compiled(layers.Flatten(), layers.Dense(1), shape=(12, 3), loss="mse")
    result = examine(outliers, model, x.astype("float32"), x[:, -1, 0])
    assert result.status is Status.WARN
    assert result.where == "x[:, :, 1]"


def test_the_threshold_decides():
    x, _ = diabetes()
    x = x.copy()
    x[10, 4] = 40
    assert examined(x).status is Status.WARN
    assert examined(x, {"far": 100}).status is Status.PASS
    assert examined(x, {"gap": 50}).status is Status.PASS


def test_not_applicable_says_why():
    x, y = digits()
    with pytest.raises(NotApplicable, match="no table of amounts"):
        examine(outliers, classifier(), x[:10], y[:10])


def test_pictures_are_ranked_as_the_model_sees_them():
    x, y = digits(flat=False)
    x = x[:300].copy()
    x[40] = np.random.default_rng(0).permutation(x[40].ravel()).reshape(8, 8, 1) * 3
    stack = layers.Flatten(), layers.Dense(16), layers.Dense(10, activation="softmax")
    result = examine(outliers, compiled(*stack, shape=(8, 8, 1)), x, y[:300])
    assert result.status is Status.PASS
    first = result.evidence["rows_of_the_sample"][0]
    assert first["row"] == 40  # a sample of all rows is in their order
    assert first["distance"] == pytest.approx(result.measured)
    assert result.measured > 2
