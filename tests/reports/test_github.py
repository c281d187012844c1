import re

from keras_recipe.core.report import Report
from keras_recipe.reports import github, phrases


def commands(report):
    """Read workflow commands as the runner does: `::name title=…::data`."""
    found = []
    for line in github.render(report).splitlines():
        level, title, data = re.fullmatch(r"::(\w+) title=([^:,]*)::(.*)", line).groups()
        title = title.replace("%3A", ":").replace("%2C", ",")
        unescaped = [
            text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
            for text in (title, data)
        ]
        found.append((level, *unescaped))
    return found


def test_problems_come_ranked_then_crashes_then_what_was_accepted(report):
    found = [(level, title) for level, title, _ in commands(report)]
    assert found == [
        ("error", "KR202 head-and-loss"),
        ("error", "KR204 loss-at-init"),
        ("warning", "KR102 constant-features"),
        ("warning", "KR215 one-by-one"),
        ("notice", "KR217 gap (accepted)"),
        ("notice", "keras-recipe"),
    ]


def test_the_message_has_all_that_is_known(report):
    assert commands(report)[1][2] == phrases.paragraph(report["KR204"])


def test_no_string_can_start_a_command_of_its_own(hostile_report, hostile):
    found = commands(hostile_report)
    assert len(found) == 5
    printed = phrases.printable(hostile)
    for _, title, data in found[:4]:
        assert printed in title
        assert data.startswith(printed)


def test_an_empty_report_still_says_so():
    assert github.render(Report()) == (
        "::notice title=keras-recipe::Nothing was checked (no checks)\n"
    )
