"""The verdict of a boot, from the console alone: pure, and never PASS on exit status alone."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a verification ended; everything but PASS is a failure of some sort."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    CRASH = "crash"
    HANG = "hang"
    BUILD = "build"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Check:
    """One test as the guest reported it."""

    number: int
    name: str
    passed: bool


@dataclass(frozen=True)
class Ended:
    """How the emulator ended; ``truncated`` where the console grew past its bound."""

    returncode: int
    timed_out: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class Verdict:
    """The kind, one line that says why, and what the guest reported."""

    kind: Kind
    reason: str
    checks: tuple[Check, ...] = ()
    planned: int = 0
    version: str = ""

    @property
    def passed(self) -> int:
        return sum(check.passed for check in self.checks)


_BEGIN = re.compile(r"^ukport: begin (\S+) (\S+) \((\d+)\)$")
_END = re.compile(r"^ukport: end (\d+)/(\d+)$")
_CHECK = re.compile(r"^(not )?ok (\d+) - (.*)$")
_PLAN = re.compile(r"^1\.\.(\d+)$")
# Unikraft's own words: a critical message, a failed assertion, a trap that nobody handles.
_CRASH = re.compile(r"\bCRIT:|\bAssertion failure\b|Unhandled Trap|\bKVM internal error\b")
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x00-\x08\x0b-\x1f\x7f]")
# isa-debug-exit as Unikraft's QEMU platform drives it: status = (value << 1) | 1.
EXIT_POWER_OFF, EXIT_HALT, EXIT_CRASH = 0, 83, 85


@dataclass(frozen=True)
class Expected:
    """What the guest must say of itself: the library's name and upstream's version number."""

    name: str
    number: int


def lines(console: bytes) -> list[str]:
    """The console as lines of plain text, without terminal escapes."""
    text = console.decode("utf-8", "replace").replace("\r\n", "\n")
    return _TERMINAL.sub("", text.replace("\r", "\n")).split("\n")


def judge(console: bytes, ended: Ended, expected: Expected) -> Verdict:
    """PASS needs the marker, all planned tests, the right version, a clean end, and no crash."""
    said = _read(lines(console))

    def verdict(kind: Kind, reason: str) -> Verdict:
        return Verdict(kind, reason, said.checks, said.planned, said.version)

    if said.crash:
        return verdict(Kind.CRASH, said.crash)
    if ended.truncated:
        return verdict(Kind.HANG, "the guest printed without end")
    if ended.timed_out:
        return verdict(Kind.HANG, f"no end within the time limit, last line: {said.last!r}")
    if ended.returncode not in (EXIT_POWER_OFF, EXIT_HALT):
        return verdict(Kind.CRASH, f"the emulator ended with status {ended.returncode}")
    problem = _shortcoming(said, expected)
    if problem:
        return verdict(Kind.FAIL, problem)
    return verdict(Kind.PASS, f"{len(said.checks)} of {said.planned} tests passed")


@dataclass(frozen=True)
class _Said:
    name: str = ""
    version: str = ""
    number: int = -1
    checks: tuple[Check, ...] = ()
    planned: int = 0
    end: tuple[int, int] | None = None
    begins: int = 0
    crash: str = ""
    last: str = ""


def _read(console: list[str]) -> _Said:
    name, version, number, begins = "", "", -1, 0
    checks: list[Check] = []
    planned, end, crash, last = 0, None, "", ""
    for line in console:
        last = line.strip() or last
        if found := _BEGIN.match(line):
            name, version, number, begins = found[1], found[2], int(found[3]), begins + 1
        elif found := _CHECK.match(line):
            checks.append(Check(int(found[2]), found[3], not found[1]))
        elif found := _PLAN.match(line):
            planned = int(found[1])
        elif found := _END.match(line):
            end = (int(found[1]), int(found[2]))
        if not crash and _CRASH.search(line):
            crash = line.strip()
    return _Said(name, version, number, tuple(checks), planned, end, begins, crash, last)


def _shortcoming(said: _Said, expected: Expected) -> str:
    if said.begins != 1:
        return f"the begin marker came {said.begins} times, once was expected"
    if (said.name, said.number) != (expected.name, expected.number):
        return (
            f"the guest runs {said.name} {said.version} ({said.number}),"
            f" but {expected.name} ({expected.number}) was built"
        )
    failed = [check for check in said.checks if not check.passed]
    if failed:
        return f"{len(failed)} of {len(said.checks)} tests failed, first: {failed[0].name}"
    numbers = [check.number for check in said.checks]
    if not numbers or numbers != list(range(1, said.planned + 1)):
        return f"{len(numbers)} test results for a plan of {said.planned}"
    if said.end != (said.planned, said.planned):
        return "the end marker is missing or counts otherwise than the results"
    return ""
