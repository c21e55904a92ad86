import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from tests.report.results import made
from ukport.report import compare, junit, markdown
from ukport.report.result import TestResult as Outcome
from ukport.verify.explanation import Explanation, Known


def parsed(results):
    return ET.fromstring(junit.render(results))  # noqa: S314 - our own document


def outcomes(*passed):
    return tuple(Outcome(f"test {at}", passed=one) for at, one in enumerate(passed, 1))


def test_a_case_for_each_test_and_one_for_the_verdict():
    suite = parsed([made()])[0]
    assert [case.get("name") for case in suite.iter("testcase")] == ["answer", "version", "verdict"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "0", "0")


def test_a_crash_is_an_error_though_every_test_passed():
    known = Explanation("page fault", known=(Known("a-rule", "what", "advice", "source"),))
    top = parsed([made(verdict="crash", reason="page <f>", explanation=known)])
    error = top.find("testsuite/testcase/error")
    assert error.get("message") == "CRASH: page <f>"
    assert "a-rule" in error.text
    assert (top.get("tests"), top.get("errors")) == ("3", "1")


def test_what_was_not_run_is_skipped():
    top = parsed([made(verdict="not run", reason="no QEMU", tests=())])
    assert top.find("testsuite/testcase/skipped").get("message") == "no QEMU"
    assert (top.get("errors"), top[0].get("skipped")) == ("0", "1")


# What junit-10.xsd of Jenkins' xunit plugin has of each element: attributes that must be there,
# those that may, and what it may hold.
STRUCTURE = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": (
        {"name"},
        {"time", "classname"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def test_nothing_that_jenkins_schema_has_not():
    known = Explanation("page fault", known=(Known("a-rule", "what", "advice", "source"),))
    top = parsed(
        [
            made(console="ok 1 - one\n"),
            made(verdict="crash", reason="page fault", explanation=known, tests=outcomes(False)),
            made(verdict="not run", reason="no QEMU", tests=()),
        ]
    )
    seen = set()
    for element in top.iter():
        needed, allowed, held = STRUCTURE[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed, element.tag
        assert {child.tag for child in element} <= held, element.tag
        if "time" in element.attrib:
            assert re.fullmatch(r"\d+(\.\d+)?", element.get("time"))
        seen.add(element.tag)
    assert seen == set(STRUCTURE)


@given(st.text())
def test_whatever_a_guest_prints_is_xml(text):
    bad = made(verdict="fail", reason=text, console=text, tests=(Outcome(text, passed=False),))
    parsed([bad])


def compared(result, *passed, verdict="pass"):
    return compare.against(
        result, name="toy", version="1", verdict=verdict, reason="", tests=outcomes(*passed)
    )


def test_mine_or_theirs():
    result = made(verdict="fail", tests=outcomes(True, False, False, True))
    baseline = compared(result, True, True, False, False, verdict="fail")
    assert baseline.regressions == ("test 2",)
    assert baseline.standing == ("test 3",)
    assert baseline.fixed == ("test 4",)
    assert not baseline.worse
    assert "1 regressed, 1 failed there, too, 1 pass only here" in compare.told(baseline)


def test_a_test_that_was_not_reached_has_regressed():
    result = made(verdict="crash", tests=outcomes(True))
    baseline = compared(result, True, True, True)
    assert baseline.regressions == ("test 2", "test 3")
    assert baseline.worse


def test_a_failing_test_is_named_with_its_own_words():
    result = made(verdict="fail", tests=(Outcome("malloc: NULL", passed=False),))
    baseline = compared(result, True)
    assert baseline.regressions == ("malloc: NULL",)


def test_a_known_failure_is_said_to_be_one():
    result = made(verdict="fail", tests=outcomes(True, False))
    worse = made(verdict="fail", tests=result.tests, baseline=compared(result, True, False))
    failure = parsed([worse]).find("testsuite/testcase/failure")
    assert failure.get("message") == "test 2; it fails on toy 1, too"


def test_the_report_of_a_pull_request_says_why_and_against_what():
    known = Explanation("page fault", known=(Known("a-rule", "what|", "advice", "source"),))
    result = made(verdict="fail", tests=outcomes(True, False), explanation=known, hint="do that")
    text = markdown.render(made(verdict="fail", explanation=known, baseline=compared(result, True)))
    assert "## Why" in text
    assert "    known: a-rule: what| (source)" in text
    assert "## Against toy 1" in text
    assert "| regressions | none |" in text
