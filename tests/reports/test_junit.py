from xml.etree import ElementTree

from keras_recipe.core.report import Report
from keras_recipe.reports import junit, phrases


def parsed(report):
    return ElementTree.fromstring(junit.render(report).encode())


def case(suite, code):
    return next(c for c in suite.iter("testcase") if c.get("classname").endswith(code))


def test_every_check_is_a_test_case(report):
    root = parsed(report)
    suite = root.find("testsuite")
    assert [c.get("name").split()[0] for c in suite.findall("testcase")] == [
        r.code for r in report.results
    ]
    totals = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert totals == {"tests": 7, "failures": 2, "errors": 1, "skipped": 1}
    assert float(suite.get("time")) == sum(r.seconds for r in report.results)
    assert root.tag == "testsuites"


def test_the_counts_are_those_of_the_elements(report, hostile_report):
    for root in (parsed(report), parsed(hostile_report)):
        suite = root.find("testsuite")
        for total, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(suite.get(total)) == len(list(suite.iter(tag)))


def test_each_status_has_its_element(report):
    suite = parsed(report)
    failure = case(suite, "KR204").find("failure")
    assert failure.get("message") == report["KR204"].message
    assert "expected: 2.302 nats" in failure.text
    assert 'code: Dense(10, kernel_initializer="zeros")' in failure.text
    assert case(suite, "KR215").find("error") is not None
    assert case(suite, "KR110").find("skipped").get("message") == report["KR110"].message
    assert len(case(suite, "KR101")) == 0


def test_a_warning_and_an_accepted_failure_pass_with_a_word(report):
    suite = parsed(report)
    assert [child.tag for child in case(suite, "KR102")] == ["system-out"]
    assert case(suite, "KR102").findtext("system-out").startswith("WARN: 3 of 64")
    assert "accepted: gated on purpose" in case(suite, "KR217").findtext("system-out")


def test_facts_are_properties(report):
    found = {p.get("name"): p.get("value") for p in parsed(report).iter("property")}
    assert found == {
        "task": "multiclass, from softmax",
        "seed": "0",
        "versions": "keras 3.15.1",
    }


def test_any_string_survives(hostile_report, hostile):
    suite = parsed(hostile_report)
    assert case(suite, "KR204").find("failure").get("message") == phrases.printable(hostile)
    assert phrases.printable(hostile) in case(suite, "KR205").findtext("system-out")


def test_an_empty_report_is_an_empty_suite():
    suite = parsed(Report()).find("testsuite")
    assert suite.get("tests") == "0"
    assert len(suite) == 0
