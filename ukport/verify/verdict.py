"""The verdict of a boot, from the console alone: pure, and never PASS on exit status alone."""

import re
import signal
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """How a verification ended; everything but PASS is a failure of some sort.

    NOT_RUN says nothing of the port: this machine could not try it.
    """

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    CRASH = "crash"
    HANG = "hang"
    OOM = "oom"
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
    """How the emulator ended; ``truncated`` where the console grew past its bound.

    ``dismissed`` where its client had done and the guest, a server, was ended from outside.
    ``shutdown`` is the reason that QEMU's monitor gave, where it could give one; ``said`` are the
    emulator's own words, which the guest cannot forge. ``returncode`` is -N for signal N.
    """

    returncode: int
    timed_out: bool = False
    truncated: bool = False
    dismissed: bool = False
    shutdown: str = ""
    said: str = ""

    @property
    def clean(self) -> bool:
        """Whether the guest ended on purpose: its own status, a power-off, or our dismissal."""
        off = self.returncode == 0 and self.shutdown == "guest-shutdown"
        return self.dismissed or self.returncode == EXIT_HALT or off

    @property
    def broken(self) -> str:
        """What befell the emulator, where it was not the guest that ended; else nothing."""
        told = [line for line in self.said.splitlines() if "warning:" not in line]
        if _STUCK in self.said:
            return f"{_STUCK}: this machine's KVM cannot run the guest"
        if self.returncode == 1 and told:
            return f"QEMU did not run the image: {told[-1]}"
        if self.returncode < 0 and not (self.timed_out or self.truncated or self.dismissed):
            why = f", which said: {told[-1]}" if told else ""
            return f"{_signal(-self.returncode)} ended QEMU{why}"
        return ""

    def __str__(self) -> str:
        if self.shutdown == "guest-reset":
            return "the guest reset the machine, as a fault that nothing handles does"
        return f"the emulator ended with status {self.returncode}, a clean end has {EXIT_HALT}"


_STUCK = "KVM internal error"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@dataclass(frozen=True)
class Verdict:
    """The kind, one line that says why, and what the guest reported; ``hint``: what would do."""

    kind: Kind
    reason: str
    checks: tuple[Check, ...] = ()
    planned: int = 0
    version: str = ""
    hint: str = ""

    @property
    def passed(self) -> int:
        return sum(check.passed for check in self.checks)


_BEGIN = re.compile(r"ukport: begin ([\w.+-]{1,64}) ([\w.+-]{1,64}) \((\d{1,9})\)", re.ASCII)
_END = re.compile(r"ukport: end (\d{1,9})/(\d{1,9})", re.ASCII)
_CHECK = re.compile(r"(not )?ok (\d{1,9}) - (.*)", re.ASCII)
_CPU = re.compile(r"ukport: cpu (\d{1,3})\b.*", re.ASCII)
_PLAN = re.compile(r"1\.\.(\d{1,9})", re.ASCII)
# Unikraft's own words, and musl's and the compiler's: a critical message, a failed assertion, a
# trap that nobody handles, a smashed stack.
_CRASH = re.compile(
    r"\bCRIT:|\bAssertion fail|Unhandled Trap|stack smashing|\bpanic\b",
    re.IGNORECASE,
)
# What a guest says that could not have the memory it asked for.
_STARVED = re.compile(
    r"\bout of memory\b|\bnot enough memory\b|\b(?:failed|unable) to allocate\b"
    r"|\b(?:cannot|could not|couldn't) allocate\b|\bENOMEM\b",
    re.IGNORECASE,
)
_LAST_WORDS = 4  # lines of the guest's own before its end in which that counts
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x00-\x08\x0b-\x1f\x7f]")
# isa-debug-exit as Unikraft's QEMU platform drives it: status = (value << 1) | 1. Status 0 alone is
# no clean end: a triple fault resets the machine, and with -no-reboot QEMU then ends with 0, too.
EXIT_HALT = 83


@dataclass(frozen=True)
class Expected:
    """What the guest must say of itself: the library's name and upstream's version number.

    With several ``cpus`` each of them must have said a word, from 0 on.
    """

    name: str
    number: int
    cpus: int = 1


def lines(console: bytes) -> list[str]:
    """The console as lines of plain text, without terminal escapes."""
    text = console.decode("utf-8", "replace").replace("\r\n", "\n")
    return _TERMINAL.sub("", text.replace("\r", "\n")).split("\n")


def judge(console: bytes, ended: Ended, expected: Expected, told: bytes | None = None) -> Verdict:
    """PASS needs the marker, all planned tests, the right version, a clean end, and no crash.

    Where a client ``told`` of the tests, none of the guest's own words counts as a result.
    """
    said = _read(lines(console))
    if told is not None:
        said = replace(_read(lines(told)), crash=said.crash, starved=said.starved, last=said.last)
    kind, reason = next(_endings(said, ended, expected))
    return Verdict(kind, reason, said.checks, said.planned, said.version)


_SHOWN = 160  # characters of a line that a reason quotes


def _quoted(line: str) -> str:
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _endings(said: "_Said", ended: Ended, expected: Expected) -> Iterator[tuple[Kind, str]]:
    """What is true of this run, the weightiest first."""
    if said.crash:
        yield Kind.OOM if said.starved else Kind.CRASH, _quoted(said.starved or said.crash)
    if ended.broken:
        yield Kind.NOT_RUN, _quoted(ended.broken)
    if said.starved and not (ended.clean and said.ends):
        yield Kind.OOM, _quoted(said.starved)
    if ended.truncated:
        yield Kind.HANG, "the guest printed without end"
    if ended.timed_out:
        yield Kind.HANG, f"no end within the time limit, last line: {_quoted(said.last)!r}"
    if not ended.clean:
        yield Kind.CRASH, f"{ended}; last line: {_quoted(said.last)!r}"
    for problem in _problems(said, expected):
        yield Kind.FAIL, problem
    yield Kind.PASS, f"{len(said.checks)} of {said.planned} tests passed"


@dataclass(frozen=True)
class _Said:
    """What the console says; ``order`` has a letter for each line of the protocol.

    ``starved`` is what it said last of memory that was not to be had, at its crash or its end.
    """

    order: str
    name: str
    version: str
    number: int
    checks: tuple[Check, ...]
    planned: int
    end: tuple[int, int]
    crash: str
    starved: str
    last: str
    cpus: frozenset[int] = frozenset()

    @property
    def ends(self) -> bool:
        return "e" in self.order


# A begin line, results, one plan, one end, and nothing of the protocol before or after them.
_ORDER = re.compile(r"bc*pe")


def _read(console: list[str]) -> _Said:
    order, name, version, number = "", "", "", -1
    checks: list[Check] = []
    cpus: set[int] = set()
    planned, end, crash, last = 0, (0, 0), "", ""
    words: deque[str] = deque(maxlen=_LAST_WORDS)
    for line in console:
        last = line.strip() or last
        if found := _BEGIN.fullmatch(line):
            order += "b"
            name, version, number = found[1], found[2], int(found[3])
        elif found := _CHECK.fullmatch(line):
            order += "c"
            words.clear()  # that was of a test that is over
            checks.append(Check(int(found[2]), found[3], not found[1]))
        elif found := _CPU.fullmatch(line):
            cpus.add(int(found[1]))
        elif found := _PLAN.fullmatch(line):
            order += "p"
            planned = int(found[1])
        elif found := _END.fullmatch(line):
            order += "e"
            end = (int(found[1]), int(found[2]))
        elif not crash:
            words.append(line.strip())
            crash = line.strip() if _CRASH.search(line) else ""
    starved = next((word for word in reversed(words) if _STARVED.search(word)), "")
    return _Said(
        *(order, name, version, number, tuple(checks), planned, end, crash, starved, last),
        cpus=frozenset(cpus),
    )


def _problems(said: _Said, expected: Expected) -> Iterator[str]:
    begins, ends = said.order.count("b"), said.order.count("e")
    if begins != 1:
        yield f"the begin marker came {begins} times, once was expected"
    if (said.name, said.number) != (expected.name, expected.number):
        yield (
            f"the guest runs {said.name} {said.version} ({said.number}),"
            f" but {expected.name} ({expected.number}) was built"
        )
    failed = [check for check in said.checks if not check.passed]
    if failed:
        yield f"{len(failed)} of {len(said.checks)} tests failed, first: {_quoted(failed[0].name)}"
    silent = set(range(expected.cpus)) - said.cpus
    if expected.cpus > 1 and silent:
        yield f"CPU {', '.join(map(str, sorted(silent)))} of {expected.cpus} did not say a word"
    if ends != 1:
        yield f"the end marker came {ends} times, once was expected"
    numbers = [check.number for check in said.checks]
    if not numbers or len(numbers) != said.planned:
        yield f"{len(numbers)} test results for a plan of {said.planned}"
    if numbers != sorted(set(numbers)) or numbers[:1] != [1]:
        yield "the results are not numbered from 1 on"
    if said.end != (said.planned, said.planned):
        yield "the end marker counts otherwise than the results"
    if not _ORDER.fullmatch(said.order):
        yield "begin marker, results, plan and end marker are not in this order"
