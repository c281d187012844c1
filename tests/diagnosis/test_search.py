from types import SimpleNamespace

from keras_recipe.diagnosis.change import Change
from keras_recipe.diagnosis.search import Search


def change(name, part=None):
    return Change(text=name, code="", codes=(f"KR1{name}",), part=part or name)


class Program:
    """Is learned when all that `needs` names is changed, and nothing that `harms`."""

    def __init__(self, needs, harms=(), parts=0.1):
        self.needs, self.harms, self.parts, self.asked = set(needs), set(harms), parts, []

    def run(self, changes):
        made = {one.text for one in changes}
        self.asked.append(made)
        done = len(made & self.needs) / len(self.needs)
        share = 0.95 if done == 1 and not made & self.harms else self.parts * done
        return SimpleNamespace(
            changes=tuple(changes),
            explained=share,
            mends=share >= 0.9,
            helps=share >= 0.6,
        )


def search(program, suspects=(), seconds=60.0):
    return Search(program, set(suspects), lambda _: None, seconds)


def names(attempt):
    return attempt and {one.text for one in attempt.changes}


OFFERED = [change(name) for name in "abcde"]


def test_the_first_single_change_that_mends_ends_the_search():
    program = Program("b")
    assert names(search(program).single(OFFERED)) == {"b"}
    assert program.asked == [{"a"}, {"b"}]


def test_a_change_that_helps_counts_where_none_mends():
    program = Program("ab", parts=1.3)
    assert names(search(program).single(OFFERED)) == {"a"}
    assert len(program.asked) == len(OFFERED)


def test_as_few_together_as_are_needed():
    for needs in ("bd", "ace"):
        made = search(Program(needs))
        assert made.single(OFFERED) is None
        assert names(made.several()) == set(needs)


def test_more_than_three_together_explain_nothing():
    made = search(Program("abcd"))
    assert made.single(OFFERED) is None
    assert made.several() is None


def test_pairs_are_tried_where_all_together_do_harm():
    made = search(Program("ab", harms="e"))
    assert made.single(OFFERED) is None
    assert names(made.several()) == {"a", "b"}


def test_two_changes_of_one_part_are_never_made_together():
    offered = [change("a"), change("b", "optimizer"), change("c", "optimizer")]
    program = Program("ac")
    made = search(program)
    assert made.single(offered) is None
    assert names(made.several()) == {"a", "c"}
    assert not any({"b", "c"} <= asked for asked in program.asked)


def test_what_a_check_complains_of_is_promising():
    made = search(Program("xy"), suspects=["KR1d"])
    made.single(OFFERED)
    made.several()
    assert made.attempts[5].changes[0].text == "d"


def test_time_ends_it():
    program = Program("bd")
    made = search(program, seconds=-1.0)
    assert made.single(OFFERED) is None
    assert made.several() is None
    assert len(program.asked) == 1
