import json

import pytest
from filelock import FileLock

from keras_recipe.core.errors import InputError
from keras_recipe.experiments.journal import journal
from keras_recipe.experiments.trial_record import TrialRecord

HEADER = {"seeds": [0, 1], "moves": ["a"], "steps": None}


def record(key, score=1.0):
    return TrialRecord(key=key, moves=(), seed=0, score=score)


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "new" / "ladder.jsonl"
    with journal(made, HEADER) as known:
        known.add(record("one"))
        known.add(record("two", 0.1 + 0.2))
    return made


def keys(path, header=HEADER):
    with journal(path, header) as known:
        return list(known.records)


def test_it_goes_on_with_what_is_there(path):
    with journal(path, HEADER) as known:
        assert known.records["two"] == record("two", 0.1 + 0.2)
        known.add(record("three"))
    assert keys(path) == ["one", "two", "three"]
    assert json.loads(path.read_text().splitlines()[0]) == {"ladder": HEADER}


def test_a_trial_is_on_disk_before_the_next_begins(path):
    with journal(path, HEADER) as known:
        known.add(record("three"))
        assert json.loads(path.read_text().splitlines()[-1])["key"] == "three"


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_torn_last_line_is_cut_off(path, cut):
    whole = path.read_bytes()
    first = whole[: whole[:-1].rfind(b"\n") + 1]
    path.write_bytes(whole[:-cut])
    with journal(path, HEADER) as known:
        assert list(known.records) == ["one"]
        assert path.read_bytes() == first
        known.add(record("two", 0.1 + 0.2))
    assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b'{"ladder": {"se'])
def test_a_torn_first_line_begins_anew(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert keys(path) == []
    assert json.loads(path.read_text()) == {"ladder": HEADER}


def test_a_last_line_the_disk_did_not_get_whole_is_cut_off(path):
    with path.open("ab") as file:
        file.write(b"\0\0\0\n")
    assert keys(path) == ["one", "two"]


def test_another_ladders_journal_is_refused_and_left_alone(path):
    before = path.read_bytes()
    other = {**HEADER, "moves": ["b"], "steps": 3}
    with pytest.raises(InputError, match=r"another run \(moves, steps differ\)"):
        keys(path, other)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "message"),
    [(b"garbage\n", "Line 2"), (b'{"key": "one"}\n', "Line 2"), (b"twice", "Line 4")],
)
def test_a_damaged_journal_is_refused_and_left_alone(path, line, message):
    lines = path.read_bytes().splitlines(keepends=True)
    lines = [*lines, lines[1]] if line == b"twice" else [lines[0], line, *lines[1:]]
    path.write_bytes(b"".join(lines))
    with pytest.raises(InputError, match=message):
        keys(path)
    assert path.read_bytes() == b"".join(lines)


def test_another_file_is_no_journal(path):
    path.write_text('{"my": "data"}\n{"more": 1}\n')
    with pytest.raises(InputError, match="Line 1"):
        keys(path)


def test_two_processes_do_not_write_at_once(path):
    with FileLock(f"{path}.lock"), pytest.raises(InputError, match="Another process"):
        keys(path)


def test_a_folder_is_no_journal(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        keys(tmp_path)


def test_without_a_file_it_is_in_memory():
    with journal(None, HEADER) as known:
        known.add(record("one"))
        assert list(known.records) == ["one"]
