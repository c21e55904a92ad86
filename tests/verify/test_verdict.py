import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukport.verify.verdict import Ended, Expected, Kind, judge, lines

GOOD = b"""Powered by\n\x1b[1mUnikraft\x1b[0m\r
ukport: begin mimalloc 2.1.9 (219)\r
ok 1 - malloc\r
ok 2 - free\r
1..2\r
ukport: end 2/2\r
"""
EXPECTED = Expected("mimalloc", 219)
CLEAN = Ended(83)


def test_pass_needs_marker_plan_version_and_clean_end():
    verdict = judge(GOOD, CLEAN, EXPECTED)
    assert verdict.kind is Kind.PASS
    assert (verdict.passed, verdict.planned, verdict.version) == (2, 2, "2.1.9")


def without(line: bytes) -> bytes:
    assert line in GOOD
    return b"".join(piece for piece in GOOD.splitlines(keepends=True) if line not in piece)


@pytest.mark.parametrize(
    ("console", "ended", "kind", "reason"),
    [
        (b"", CLEAN, Kind.FAIL, "begin marker came 0 times"),
        (without(b"begin"), CLEAN, Kind.FAIL, "begin marker"),
        (b"".join(GOOD.splitlines(keepends=True)[::-1]), CLEAN, Kind.FAIL, "not numbered"),
        (GOOD + b"ok 3 - late\n", CLEAN, Kind.FAIL, "3 test results for a plan of 2"),
        (b"ok 1 - x\n" + without(b"ok 1"), CLEAN, Kind.FAIL, "not in this order"),
        (GOOD + b"1..2\n", CLEAN, Kind.FAIL, "not in this order"),
        (GOOD + b"ukport: end 2/2\n", CLEAN, Kind.FAIL, "end marker came 2 times"),
        (GOOD.replace(b"219", b"9" * 5000), CLEAN, Kind.FAIL, "begin marker came 0 times"),
        (GOOD.replace(b"(219", "(٢١٩".encode()), CLEAN, Kind.FAIL, "begin marker came 0 times"),
        (GOOD + b"*** stack smashing detected ***\n", CLEAN, Kind.CRASH, "stack smashing"),
        (GOOD + b"Assertion failed: x\n", CLEAN, Kind.CRASH, "Assertion failed"),
        (GOOD, Ended(0), Kind.CRASH, "status 0"),
        (without(b"end 2/2"), CLEAN, Kind.FAIL, "end marker came 0 times"),
        (without(b"1..2"), CLEAN, Kind.FAIL, "plan of 0"),
        (without(b"ok 2"), CLEAN, Kind.FAIL, "1 test results for a plan of 2"),
        (without(b"ok 1"), CLEAN, Kind.FAIL, "1 test results for a plan of 2"),
        (GOOD.replace(b"ok 2", b"not ok 2"), CLEAN, Kind.FAIL, "first: free"),
        (GOOD.replace(b"end 2/2", b"end 1/2"), CLEAN, Kind.FAIL, "end marker"),
        (GOOD.replace(b"219", b"217"), CLEAN, Kind.FAIL, "runs mimalloc 2.1.9 (217)"),
        (GOOD.replace(b"mimalloc", b"malloc"), CLEAN, Kind.FAIL, "runs malloc"),
        (GOOD + GOOD, CLEAN, Kind.FAIL, "came 2 times"),
        (GOOD + b"[ 0.1] CRIT: [libkvm] Unhandled Trap 14\n", CLEAN, Kind.CRASH, "Trap 14"),
        (GOOD + b"Assertion failure: x\n", CLEAN, Kind.CRASH, "Assertion failure"),
        (GOOD, Ended(85), Kind.CRASH, "status 85"),
        (GOOD, Ended(-9), Kind.NOT_RUN, "SIGKILL ended QEMU"),
        (
            GOOD,
            Ended(-6, said="a: assertion\n"),
            Kind.NOT_RUN,
            "SIGABRT ended QEMU, which said",
        ),
        (b"", Ended(1, said="qemu: no PVH note"), Kind.NOT_RUN, "did not run the image: qemu: no"),
        (b"", Ended(1, said="qemu: warning: no RDRAND"), Kind.CRASH, "status 1"),
        (
            b"",
            Ended(-1, said="KVM internal error. Suberror: 1\nRAX"),
            Kind.NOT_RUN,
            "this machine",
        ),
        (b"Failed to allocate a\nCRIT: no stack\n", Ended(85), Kind.OOM, "Failed to allocate a"),
        (b"CRIT: Out of memory\n", Ended(85), Kind.OOM, "Out of memory"),
        (b"out of memory\n1\n2\n3\n4\nCRIT: no\n", Ended(85), Kind.CRASH, "CRIT: no"),
        (b"CRIT: a trap\nFailed to allocate a\n", Ended(85), Kind.CRASH, "a trap"),
        (b"out of memory\nok 3 - x\nCRIT: no\n", Ended(85), Kind.CRASH, "CRIT: no"),
        (without(b"end") + b"ENOMEM", Ended(-1, timed_out=True), Kind.OOM, "ENOMEM"),
        (GOOD, Ended(-1, timed_out=True), Kind.HANG, "ukport: end 2/2"),
        (GOOD, Ended(-1, truncated=True), Kind.HANG, "without end"),
    ],
)
def test_everything_else_is_not_pass(console, ended, kind, reason):
    verdict = judge(console, ended, EXPECTED)
    assert verdict.kind is kind
    assert reason in verdict.reason


def test_a_test_that_takes_all_memory_may_say_so():
    assert judge(GOOD + b"out of memory\n", CLEAN, EXPECTED).kind is Kind.PASS


def test_terminal_escapes_and_binary_do_not_hide_a_line():
    assert "ok 1 - x" in lines(b"\x1b[31mok 1 - x\x1b[0m\r\n\xff\xfe\0")


@given(st.binary())
def test_no_console_makes_the_judge_fail(console):
    assert judge(console, CLEAN, EXPECTED).kind is not Kind.PASS


@given(st.data())
def test_a_console_with_any_line_gone_never_passes(data):
    pieces = [p for p in GOOD.splitlines(keepends=True) if b"Unikraft" not in p]
    gone = data.draw(st.integers(1, len(pieces) - 1))
    rest = b"".join(piece for at, piece in enumerate(pieces) if at != gone)
    assert judge(rest, CLEAN, EXPECTED).kind is not Kind.PASS
