"""Memory is given back where the C library can be asked, and nothing happens elsewhere."""

import ctypes

import pytest

from keras_recipe.core import memory


@pytest.fixture
def asked(monkeypatch):
    """Return what the C library was asked for; `malloc_trim` may be taken out of it."""
    found = []

    class Library:
        def malloc_trim(self, pad):
            found.append(pad)

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library())
    found.append(Library)
    return found


def test_the_c_library_is_asked(asked, monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "linux")
    memory.give_back()
    assert asked[1:] == [0]


def test_another_c_library_or_system_is_left_alone(asked, monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    memory.give_back()
    monkeypatch.setattr(memory.sys, "platform", "linux")
    monkeypatch.delattr(asked[0], "malloc_trim")
    memory.give_back()
    assert len(asked) == 1
