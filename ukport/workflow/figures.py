"""Figures of boots, kept by what was booted, so that a benchmark that was stopped goes on."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.report.bench import Clock
from ukport.source import Cache
from ukport.verify.boot import Boot
from ukport.verify.measure import measures, time_between_marks


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What one boot gave: ``time`` in ns, or what the guest counted, 0 if it did not.

    ``left`` is the least memory that the guest's allocator had, in bytes, -1 if not told. ``spent``
    is QEMU's processor time in ns where ``time`` counts instructions.

    ``round`` counts from 0; -1 is the boot whose clock counts instructions.
    """

    round: int
    entrant: int
    time: int = 0
    left: int = -1
    spent: int = 0
    verdict: str = "pass"
    reason: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"


@dataclass(frozen=True)
class Reading:
    """What was read off a boot, as a Figure has it."""

    time: int = 0
    left: int = -1
    spent: int = 0


def by_guest(booted: Boot, clock: Clock) -> Reading:
    """Between the marks of a guest: QEMU's processor time, or what the guest's clock counted.

    That counts instructions under QEMU's ``-icount``, else nanoseconds where it tells its rate.
    """
    told = measures(booted.console)
    ticks, left = told.get("count ticks", 0), told.get("left B", -1)
    if clock is Clock.PROCESSOR:
        return Reading(time_between_marks(booted.console, booted.arrivals), left)
    if clock is Clock.GUEST:
        return Reading(ticks * 10**9 // (told.get("rate Hz") or 10**9), left)
    return Reading(ticks, left)


def by_client(booted: Boot) -> Reading:
    """Between the marks of a client: instructions where they were counted, else QEMU's time."""
    if len(booted.marks) != len(("from", "to")):
        return Reading()
    began, ended = booted.marks
    spent, counted = ended.spent - began.spent, ended.instructions - began.instructions
    left = measures(booted.console).get("left B", -1)
    return Reading(counted or max(1, spent), left, spent if counted else 0)


class Figures:
    """Those of one benchmark: a line each in a file, written as soon as a boot has ended."""

    def __init__(self, cache: Cache, parts: Iterable[str], *, fresh: bool) -> None:
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        self._path = cache.root / "bench" / f"{key}.jsonl"
        self._there: dict[tuple[int, int], Figure] = {}
        if fresh:
            self._path.unlink(missing_ok=True)
        elif self._path.exists():
            self._there = {(one.round, one.entrant): one for one in _read(self._path)}

    def find(self, at: int, entrants: Sequence[int]) -> tuple[Figure, ...]:
        """The whole round ``at``, or nothing: what is compared was booted side by side."""
        found = [self._there.get((at, entrant)) for entrant in entrants]
        return tuple(one for one in found if one) if all(found) else ()

    def write(self, figure: Figure) -> None:
        """Keep one that passed: the rest may be this machine's fault, and is tried again."""
        if self._there.get((figure.round, figure.entrant)) == figure:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(figure) + b"\n")


def _read(path: Path) -> Iterable[Figure]:
    """Whole lines; one that a kill cut short is left out."""
    for line in path.read_bytes().split(b"\n"):
        try:
            yield msgspec.json.decode(line, type=Figure)
        except msgspec.DecodeError:
            continue
