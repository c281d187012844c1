"""What a change brought, read from a trace."""

import pytest
from traces import onward, trace

from keras_recipe.experiments.gains import gain_of, has_stalled


def gain(name, least=0.2, rows=400, now=0.1, **turns):
    return gain_of(trace(1.0, onward=onward(now, rows=rows, **turns)), name, least)


def test_a_change_counts_beyond_what_more_of_the_same_brings():
    found = gain("faster", same=[0.1, 0.2, 0.2], faster=[0.6, 0.8, 0.7])
    assert found.beyond == pytest.approx(0.4)
    assert (found.before, found.same, found.after, found.steps) == (0.1, 0.2, 0.8, 300)
    assert found.tried["after"] == 0.8
    assert "80% of what can be learned instead of 10%" in found.words


def test_other_rates_count_beyond_the_fits_own_highest():
    turns = {"same": [0.1] * 3, "restored": [0.7] * 3, "faster": [0.8] * 3}
    assert gain("faster", **turns).beyond < 0
    assert gain("restored", **turns).beyond == pytest.approx(0.4)


def test_more_of_the_same_counts_if_it_was_on_its_way():
    assert gain("same", same=[0.2, 0.4, 0.6]).beyond == pytest.approx(0.3)
    assert gain("same", same=[0.1, 0.1, 0.6]).beyond < 0
    assert gain("same", same=[0.9, 0.9, 0.1]).beyond < 0


def test_few_rows_raise_the_bar():
    assert gain("same", rows=16, same=[0.3, 0.4, 0.5]).beyond == pytest.approx(-0.1)


def test_what_was_not_tried_is_none():
    assert gain("free", same=[0.1] * 3) is None
    assert gain_of(trace(1.0), "same", 0.2) is None


def test_a_training_has_stalled_if_nothing_brings_more():
    assert has_stalled(onward(0.3, same=[0.3] * 3, faster=[0.35] * 3))
    assert not has_stalled(onward(0.3, same=[0.3] * 3, faster=[0.5] * 3))
    assert not has_stalled(onward(0.9))
    assert not has_stalled({})
    assert not has_stalled({**onward(0.3, same=[0.3] * 3), "untried": ["restored"]})
