import numpy as np
import pytest

from keras_recipe.experiments.standing import standing

LIMITS = {"closes": 2 / 3, "errors": 3.0, "strength": 0.3}


def wrong(share, rows=400, seed=0):
    return (np.random.RandomState(seed).uniform(size=rows) < share).astype(float)


def beside(net, rival, constant=0.9, rows=400):
    parts = [wrong(share, rows, seed) for seed, share in enumerate((net, rival, constant))]
    return standing(*parts, np.ones(rows))


def test_the_share_of_the_way_is_what_the_errors_say():
    one = standing(*(np.full(50, v) for v in (0.5, 0.1, 0.9)), np.ones(50))
    assert one.closed == pytest.approx(0.5)
    assert one.explained == pytest.approx(8 / 9)


@pytest.mark.parametrize(
    ("net", "rival", "lost"),
    [(0.8, 0.1, True), (0.2, 0.1, False), (0.85, 0.8, False), (0.9, 0.9, False)],
)
def test_only_a_clear_loss_to_a_worthy_rival_counts(net, rival, lost):
    assert beside(net, rival).is_lost(**LIMITS) is lost


def test_few_rows_prove_nothing():
    assert not beside(0.6, 0.3, constant=0.7, rows=20).is_lost(**LIMITS)


@pytest.mark.parametrize(("closes", "lost"), [(0.4, False), (0.6, True)])
def test_the_threshold_decides(closes, lost):
    one = standing(*(np.r_[np.full(49, v), 0] for v in (0.5, 0.1, 0.9)), np.ones(50))
    assert one.is_lost(closes=closes, errors=3.0, strength=0.3) is lost


def test_no_number_has_lost():
    rows = np.full(50, 0.5)
    one = standing(np.full(50, np.nan), rows / 5, rows, np.ones(50))
    assert one.is_lost(**LIMITS)


def test_rows_count_as_weighted():
    net, rival, weights = np.r_[np.ones(50), np.zeros(50)], np.zeros(100), np.ones(100)
    weights[:50] = 0
    assert standing(net, rival, np.ones(100), weights).net == 0
