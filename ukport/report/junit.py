"""Results as JUnit's XML, as GitLab and GitHub's actions show it.

A suite for each result, a case for each test of the guest, and one for the verdict: a guest that
crashed has told of tests that passed, and is a failure all the same.
https://docs.gitlab.com/ci/testing/unit_test_reports/
Jenkins is the strictest: its xunit plugin refuses what its junit-10.xsd does not have.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ukport.report.explained import told
from ukport.report.html import name_of
from ukport.report.result import Result

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# XML 1.0 has no way to write these.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONSOLE = 200  # lines
_WIDTH = 400  # characters of such a line


def render(results: Iterable[Result]) -> str:
    """One document for all results."""
    from xml.etree import ElementTree as ET

    top = ET.Element("testsuites", name="ukport")
    suites = [_suite(result) for result in results]
    top.extend(suites)
    for count in ("tests", "failures", "errors"):  # "skipped" is a suite's own: see Jenkins' schema
        top.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    ET.indent(top)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + ET.tostring(top, encoding="unicode") + "\n"


def _suite(result: Result) -> "Element":
    from xml.etree.ElementTree import Element, SubElement

    name = _clean(name_of(result))
    suite = Element("testsuite", name=name, time=f"{result.seconds:.3f}")
    standing = frozenset(result.baseline.standing) if result.baseline else frozenset()
    for test in result.tests:
        case = SubElement(suite, "testcase", classname=name, name=_clean(test.name), time="0")
        if not test.passed:
            before = f"; it fails on {_before(result)}, too" if test.name in standing else ""
            SubElement(case, "failure", message=_clean(f"{test.name}{before}"))
    verdict = SubElement(suite, "testcase", classname=name, name="verdict")
    verdict.set("time", f"{sum(result.stages.values()):.3f}")
    _judge(verdict, result)
    if result.console:
        SubElement(suite, "system-out").text = _clean(_end(result.console))
    suite.set("tests", str(len(result.tests) + 1))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(len(suite.findall(f"testcase/{tag}"))))
    return suite


def _before(result: Result) -> str:
    baseline = result.baseline
    return f"{baseline.name} {baseline.version}".rstrip() if baseline else ""


def _judge(case: "Element", result: Result) -> None:
    from xml.etree.ElementTree import SubElement

    if result.passed:
        return
    if result.verdict == "not run":
        SubElement(case, "skipped", message=_clean(result.reason))
        return
    message = _clean(f"{result.verdict.upper()}: {result.reason}")
    error = SubElement(case, "error", type=result.verdict, message=message)
    lines = told(result.explanation) if result.explanation else ()
    error.text = _clean("\n".join([result.reason, *lines]))


def _end(text: str) -> str:
    return "\n".join(line[:_WIDTH] for line in text.rstrip().split("\n")[-_CONSOLE:])


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
