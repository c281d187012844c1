import numpy as np
import pytest

from keras_recipe.experiments.generalization import check_generalization

ROWS = np.arange(12, dtype="float32").reshape(4, 3)


def test_a_right_generalisation_passes():
    assert (
        check_generalization(lambda x: x.sum(1), lambda row: row.sum(), [ROWS]).status == "pass"
    )


def test_the_first_row_that_differs_is_named():
    def vectorised(x):
        total = x.sum(1)
        total[2] += 1
        return total

    result = check_generalization(vectorised, lambda row: row.sum(), [ROWS])
    assert result.status == "fail"
    assert result.where == "row 2"
    assert result.measured == pytest.approx(1.0)


@pytest.mark.parametrize(("gap", "status"), [(0.9e-2, "pass"), (1.1e-2, "fail")])
def test_the_tolerance_decides(gap, status):
    result = check_generalization(
        lambda x: x + gap, lambda row: row, [ROWS], rtol=0.0, atol=1e-2
    )
    assert result.status == status


def test_another_shape_fails():
    result = check_generalization(lambda x: x[:, :2], lambda row: row, [ROWS])
    assert result.status == "fail"
    assert "shape" in result.message
