"""Rounds of boots: every entrant once in each, one after the other, so that cores are not shared.

The first entrant is the baseline and the second is the baseline again: what that differs by is
noise. Where the guest is emulated there is a round more, whose clock counts instructions.

A guest that serves waits for its client, and how long depends on what else this machine does. Its
instructions between the client's marks are counted in every round instead, where it is emulated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ukport.errors import UkportError
from ukport.recipe.guest import Case
from ukport.report.bench import SCHEMA, Clock
from ukport.source import Cache
from ukport.verify.boot import Boot
from ukport.verify.build import BuildError, toolchain
from ukport.verify.counter import can_count
from ukport.verify.emulator import version
from ukport.verify.trial import Subject, try_out
from ukport.verify.verdict import Kind, lines
from ukport.workflow.events import Begun, Event, Moved
from ukport.workflow.figures import Figure, Figures, Reading, by_client, by_guest
from ukport.workflow.stage import Stages
from ukport.workflow.unikernel import Unikernel
from ukport.workflow.verify import image_of

BASELINE, ITSELF = 0, 1
AGAIN = 2  # boots of a server, where one did not come to its end
COUNTED = -1  # the round in which the clock counts instructions


@dataclass(frozen=True)
class Entrant:
    """What is measured, and what people call it."""

    name: str
    unit: Unikernel


@dataclass
class Table:
    """The figures of one benchmark, by round and entrant; ``lost`` are entrants that failed."""

    case: Case
    store: Figures
    found: dict[tuple[int, int], Figure] = field(default_factory=dict)
    lost: dict[int, Figure] = field(default_factory=dict)


@dataclass
class Rounds:
    """``accelerator`` is what boots will have, ``wanted`` how it was asked for.

    ``unbuilt`` is why an entrant could not be built, ``consoles`` are those of boots that failed.
    """

    cache: Cache
    stages: Stages
    entrants: Sequence[Entrant]
    runs: int
    accelerator: str
    wanted: str
    folder: Path
    booted: int = 0
    repeated: int = 0
    kept: int = 0
    unbuilt: dict[int, str] = field(default_factory=dict)
    consoles: dict[tuple[str, str], str] = field(default_factory=dict)
    _images: dict[int, Subject] = field(default_factory=dict)

    @property
    def served(self) -> bool:
        """Whether the guests are servers, measured by a client."""
        return self.entrants[BASELINE].unit.client is not None

    @property
    def counts(self) -> bool:
        """Whether every round counts instructions."""
        machine = self.entrants[BASELINE].unit.surroundings.machine
        return self.served and emulated(self.accelerator) and can_count(machine.emulator)

    @property
    def clock(self) -> Clock:
        """What tells how long a benchmark takes."""
        if self.counts:
            return Clock.INSTRUCTIONS
        # The processor time of several CPUs is that of all of them.
        several = any(one.unit.cell.cpus > 1 for one in self.entrants)
        return Clock.GUEST if several else Clock.PROCESSOR

    def open(self, case: Case, *, fresh: bool) -> Table:
        """The figures of ``case`` that are kept, by all that went into them."""
        machine = self.entrants[BASELINE].unit.surroundings.machine
        tools = toolchain(machine)
        parts = [SCHEMA, self.accelerator, version(machine), *case.arguments]
        client = self.entrants[BASELINE].unit.client
        parts += [client.text] if client else []
        for one in self.entrants:
            library = one.unit.library.stamp if one.unit.library else ""
            parts += [one.unit.key(tools), one.unit.cell.name, library, one.unit.application.stamp]
        return Table(case, Figures(self.cache, parts, fresh=fresh))

    def run(self, tables: Sequence[Table]) -> None:
        """Round after round, and in each all benchmarks: a slow minute is spread over all."""
        if not all(self._is_whole(table) for table in tables):
            self._build()
        with self.stages.stage("measure", f"{len(tables)} benchmarks") as said:
            for at in self._rounds():
                for table in tables:
                    self._round(at, table)
            kept = f", {self.kept} kept from an earlier run" if self.kept else ""
            said.append(f"{len(tables)} benchmarks, {self.booted} boots{kept}")

    def _rounds(self) -> tuple[int, ...]:
        # One clock for several CPUs would have them take turns.
        alone = all(one.unit.cell.cpus == 1 for one in self.entrants)
        once = emulated(self.accelerator) and alone and not self.served
        counted = (COUNTED,) if once else ()
        return (*counted, *range(self.runs))

    def _racing(self, at: int, table: Table) -> tuple[int, ...]:
        """Who is booted in a round: nobody where there is nothing left to compare."""
        left = [n for n in range(len(self.entrants)) if n not in {*table.lost, *self.unbuilt}]
        if BASELINE not in left or not any(n > ITSELF for n in left):
            return ()
        if at == COUNTED:
            return tuple(n for n in left if n != ITSELF)
        turn = at % len(left)
        return (*left[turn:], *left[:turn])

    def _is_whole(self, table: Table) -> bool:
        return all(table.store.find(at, self._racing(at, table)) for at in self._rounds())

    def _build(self) -> None:
        for number, one in enumerate(self.entrants):
            if number == ITSELF:
                continue
            with self.stages.stage("build", one.name) as said:
                quiet = Stages(partial(within, self.stages, "build", one.name))
                try:
                    place = self.folder / str(number)
                    self._images[number] = image_of(one.unit, self.cache, quiet, place)
                except BuildError as error:
                    if number == BASELINE:
                        raise UkportError(f"{one.name}: {error.message}") from None
                    self.unbuilt[number] = error.message.partition("\n")[0]
                    said += [one.name, self.unbuilt[number]]

    def _round(self, at: int, table: Table) -> None:
        numbers = self._racing(at, table)
        figures = table.store.find(at, numbers)
        self.kept += len(figures)
        for figure in figures or (self._tried(at, table.case, number) for number in numbers):
            if figure.passed:
                table.store.write(figure)
                table.found[at, figure.entrant] = figure
            else:
                table.lost[figure.entrant] = figure

    def _tried(self, at: int, case: Case, number: int) -> Figure:
        """A boot; a server that stopped answering is booted again, and it is counted."""
        figure = self._boot(at, case, number)
        for _ in range(AGAIN if self.served else 0):
            if not figure.passed:
                self.repeated += 1
                figure = self._boot(at, case, number)
        return figure

    def _boot(self, at: int, case: Case, number: int) -> Figure:
        name = self.entrants[number].name
        which = "instructions" if at == COUNTED else f"round {at + 1} of {self.runs}"
        self.stages.moved("measure", f"{which}: {case.name}, {name}")
        trial = try_out(self._subject(at, case, number), self.wanted, self.cache.root)
        self.booted += 1
        booted, kind, reason = trial.booted, trial.verdict.kind, trial.verdict.reason
        read = self._read(at, booted) if booted else Reading()
        if kind is Kind.PASS and not read.time:
            kind, reason = Kind.FAIL, "the guest did not mark where it begins and ends to measure"
        if booted and kind is not Kind.PASS:
            said = booted.console + (booted.told or b"")
            self.consoles[case.name, name] = "\n".join(lines(said))
        return Figure(
            round=at,
            entrant=number,
            time=read.time,
            left=read.left,
            spent=read.spent,
            verdict=str(kind),
            reason="" if kind is Kind.PASS else reason,
        )

    def _subject(self, at: int, case: Case, number: int) -> Subject:
        image = self._images[BASELINE if number == ITSELF else number]
        if image.client is None:
            return replace(image, arguments=case.arguments, counted=at == COUNTED)
        client = replace(image.client, arguments=case.arguments)
        return replace(image, client=client, counted=self.counts)

    def _read(self, at: int, booted: Boot) -> Reading:
        if self.served:
            return by_client(booted)
        return by_guest(booted, Clock.INSTRUCTIONS if at == COUNTED else self.clock)


def emulated(accelerator: str) -> bool:
    """Whether a guest's clock can count instructions under it."""
    return accelerator.startswith("TCG")


def within(stages: Stages, stage: str, name: str, event: Event) -> None:
    """Tell of a stage as a step of another."""
    if isinstance(event, Begun | Moved):
        stages.moved(stage, f"{name}: {event.stage} {event.detail}")
