"""``ukport bench``: a recipe's benchmarks against another allocator or version."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import msgspec

from ukport.errors import MissingError, UkportError, UsageError
from ukport.recipe import Lock, Recipe, load
from ukport.recipe import lock as locks
from ukport.recipe.guest import Bench as Wanted
from ukport.recipe.guest import Case as Benchmark
from ukport.report import bench as report
from ukport.report import scaling
from ukport.report.bench import Bench, Case, Sample
from ukport.report.benchpage import page, svg
from ukport.source import Cache, find_version
from ukport.verify import accelerator, client, emulator
from ukport.verify.machine import Machine
from ukport.verify.matrix import Axes, Filters
from ukport.verify.verdict import Kind
from ukport.workflow.application import benchmarks, measuring
from ukport.workflow.beside import on_allocator
from ukport.workflow.figures import Figure
from ukport.workflow.port import Request, make
from ukport.workflow.rounds import (
    BASELINE,
    COUNTED,
    ITSELF,
    Entrant,
    Rounds,
    Table,
    emulated,
    within,
)
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import recover
from ukport.workflow.unikernel import Unikernel, chosen, single, unikernel
from ukport.workflow.verify import check_machine

RUNS = 7
_MIB = 1 << 20


@dataclass(frozen=True)
class Order:
    """What is measured: ``versions`` as the user wrote them, none for the recipe's own.

    ``against`` is an allocator of the matrix or a version, "" for what the recipe says; ``only``
    are names of benchmarks. ``filters`` choose the cell; their allocators are ports, compared at
    one version of the recipe's. ``fresh`` uses no kept figure.
    """

    versions: tuple[str, ...] = ()
    against: str = ""
    only: tuple[str, ...] = ()
    runs: int = RUNS
    accel: str = "auto"
    filters: Filters = field(default_factory=Filters)
    fresh: bool = False


def bench(project: Path, name: str, cache: Cache, stages: Stages, order: Order) -> Bench:
    """Build everything, boot it in rounds, and compare; only ``reports/`` is written.

    A benchmark that does not come to its end stops no other. Each boot's figure is kept at once.
    Raises UsageError, and MissingError before anything is built.
    """
    began = time.monotonic()
    recover(project)
    recipe = load(project, name)
    wanted, cases = _asked(recipe, order)
    axes = Axes.of(recipe)
    machine, *_ = chosen(axes, order.filters)
    check_machine(order.accel, recipe, machine)
    if wanted.client:
        client.require(wanted.client.modules, wanted.client.tools)
    chosen_accelerator = accelerator.choose(cache.root, order.accel, machine)
    features = recipe.test.cpu_features.get(machine.name, ())
    _check_cpus(machine, chosen_accelerator.name, order.filters.cpus, features)
    accel = str(chosen_accelerator)
    if not (order.runs or emulated(accel)):
        raise UsageError("--runs 0: only an emulator counts instructions", "say --accel tcg")
    with cache.scratch() as scratch:
        maker = _Maker(project, axes, wanted, cache, stages, order, scratch)
        entrants, failed = maker.entrants()
        rounds = Rounds(cache, stages, entrants, order.runs, accel, order.accel, scratch / "images")
        tables = [rounds.open(case, fresh=order.fresh) for case in cases]
        rounds.run(tables)
    against = entrants[BASELINE]
    lost = [(entrants[number].name, why) for number, why in rounds.unbuilt.items()]
    result = Bench(
        recipe=name,
        against=against.name,
        runs=order.runs,
        clock=rounds.clock,
        memory=against.unit.memory,
        platform=against.unit.surroundings.where,
        accelerator=accel,
        emulator=emulator.version(machine),
        cpus=order.filters.cpus,
        cases=tuple(_case(table, rounds, against.unit.memory) for table in tables),
        failed=tuple(
            Sample(name=one, verdict=str(Kind.BUILD), reason=why) for one, why in (*failed, *lost)
        ),
        boots=rounds.booted,
        repeated=rounds.repeated,
        kept=rounds.kept,
        seconds=time.monotonic() - began,
    )
    return _write(result, project, rounds)


def _asked(recipe: Recipe, order: Order) -> tuple[Wanted, tuple[Benchmark, ...]]:
    """The recipe's benchmarks, and those that are wanted; raises UsageError."""
    wanted = recipe.bench
    if wanted is None:
        raise UsageError(
            f"recipes/{recipe.name}/recipe.toml names no benchmarks", "describe them in [bench]"
        )
    if order.filters.cpus > 1:
        wanted = _for_cpus(recipe, wanted, order.filters.cpus)
    if order.runs == 1:
        raise UsageError(
            "--runs 1: one round says nothing of the noise",
            f"use {RUNS}, or 0 to count instructions alone",
        )
    known = [case.name for case in wanted.cases]
    for name in order.only:
        if name not in known:
            raise UsageError(
                f"{recipe.name} has no benchmark {name!r}", f"there is: {', '.join(known)}"
            )
    return wanted, tuple(case for case in wanted.cases if not order.only or case.name in order.only)


def _for_cpus(recipe: Recipe, wanted: Wanted, cpus: int) -> Wanted:
    """What is measured on several CPUs; raises UsageError where there is nothing for so many."""
    smp, tests = wanted.smp, recipe.test.smp
    where = f"recipes/{recipe.name}/recipe.toml"
    if smp is None or tests is None:
        raise UsageError(
            f"{where} names no benchmarks for several CPUs", "describe them in [bench.smp]"
        )
    if cpus > tests.cpus:
        raise UsageError(
            f"--smp {cpus}: {recipe.name} is built for {tests.cpus} CPUs at most",
            f"[test.smp] in {where} says so",
        )
    return msgspec.structs.replace(
        wanted, sources=smp.sources, cases=smp.cases, against=smp.against or wanted.against
    )


def _check_cpus(machine: Machine, accel: str, cpus: int, features: Sequence[str]) -> None:
    """Raises MissingError where this machine cannot run so many such CPUs at the same time."""
    lack = emulator.lack(machine, accel, cpus, features)
    if lack:
        raise MissingError(lack.reason, lack.hint)


@dataclass(frozen=True)
class _Maker:
    """Makes the unikernels that are measured."""

    project: Path
    axes: Axes
    wanted: Wanted
    cache: Cache
    stages: Stages
    order: Order
    scratch: Path

    def entrants(self) -> tuple[list[Entrant], list[tuple[str, str]]]:
        """The baseline twice and the versions; and those that cannot be made, with the reason.

        Raises where there is no baseline.
        """
        lock = locks.read(self.project / "recipes" / self.axes.recipe.name)
        baseline, subjects = self._named()
        found, failed = [self._entrant(baseline, lock)], []
        for name in subjects:
            try:
                found.append(self._entrant(name, lock))
            except UkportError as error:
                failed.append((str(name), error.message.partition("\n")[0]))
        found = self._on_one_and_more(found)
        return [found[0], Entrant(report.ITSELF, found[0].unit), *found[1:]], failed

    def _on_one_and_more(self, entrants: list[Entrant]) -> list[Entrant]:
        """Where several CPUs are asked for: the same images on one, and then on all of them."""
        cpus = self.order.filters.cpus
        if cpus == 1:
            return entrants
        return [
            Entrant(scaling.on(one.name, count), _booted_with(one.unit, count))
            for count in (1, cpus)
            for one in entrants
        ]

    def _named(self) -> tuple["_Name", list["_Name"]]:
        """The baseline and what is compared with it: versions, or allocators that are ports."""
        axes, order, recipe = self.axes, self.order, self.axes.recipe
        others = [point.name for point in axes.allocators[1:]]
        against = order.against or self.wanted.against or next(iter(others), "")
        if not against:
            raise UsageError(
                f"{recipe.name}: there is nothing to compare with", "say --against VERSION"
            )
        is_own = against == axes.own != recipe.name
        if is_own or against in others:
            baseline = _Name(recipe.name, recipe.version, "" if is_own else against, against)
        else:
            baseline = self._version(against)
        ported = order.filters.allocators or (() if order.versions else axes.ported)
        if ported:
            version = self._version(next(iter(order.versions), recipe.version)).version
            return baseline, [_Name(recipe.name, version, one, one) for one in ported]
        return baseline, [self._version(text) for text in order.versions or (recipe.version,)]

    def _version(self, text: str) -> "_Name":
        recipe = self.axes.recipe
        return _Name(recipe.name, str(find_version(recipe, text, self.cache)[0]))

    def _entrant(self, name: "_Name", lock: Lock | None) -> Entrant:
        return Entrant(str(name), self._unit(name, lock))

    def _unit(self, name: "_Name", lock: Lock | None) -> Unikernel:
        axes, order = self.axes, self.order
        request = Request(self.project, axes.recipe, name.version, lock, stored=True)
        memory = order.filters.memory or (self.wanted.memory,)
        stages = Stages(partial(within, self.stages, "port", str(name)))
        scratch = self.scratch / str(name)
        made = make(request, self.cache, stages, scratch)
        made = replace(
            made,
            application=benchmarks(axes.recipe, self.wanted, self.project),
            client=measuring(axes.recipe, self.wanted, self.project),
        )
        filters = replace(order.filters, memory=memory, allocators=())
        cell = single(axes, made.version, filters, order.accel)
        if name.allocator:
            is_port = bool(axes.beside(name.allocator)[0])
            version = cell.version if is_port else ""
            cell = replace(cell, allocator=name.allocator, version=version)
            made = on_allocator(
                made, axes, name.allocator, self.project, self.cache, stages, scratch
            )
        unit = unikernel(made, axes, cell)
        arguments = self.wanted.client.arguments if self.wanted.client else ()
        return replace(unit, timeout=float(self.wanted.timeout), arguments=arguments)


@dataclass(frozen=True)
class _Name:
    """One of those who are compared; ``label`` is what it is called, if not by its version."""

    recipe: str
    version: str
    allocator: str = ""
    label: str = ""

    def __str__(self) -> str:
        return self.label or f"{self.recipe} {self.version}"


def _booted_with(unit: Unikernel, cpus: int) -> Unikernel:
    """The same unikernel on so many CPUs. It is no test, so no CPU has to say a word."""
    return replace(
        unit, cell=replace(unit.cell, cpus=cpus), expected=replace(unit.expected, cpus=1)
    )


def _case(table: Table, rounds: Rounds, memory: int) -> Case:
    samples = [
        _sample(number, one.name, table, memory)
        for number, one in enumerate(rounds.entrants)
        if number not in rounds.unbuilt
    ]
    baseline, again, *others = samples
    noise = report.compared(again, baseline, None)
    return Case(
        name=table.case.name,
        arguments=table.case.arguments,
        about=table.case.about,
        baseline=baseline,
        noise=noise,
        subjects=tuple(report.compared(one, baseline, noise) for one in others),
    )


def _sample(number: int, name: str, table: Table, memory: int) -> Sample:
    mine = {at: one for (at, entrant), one in table.found.items() if entrant == number}
    left = [one.left for one in mine.values() if one.left >= 0]
    lost = table.lost.get(number)
    if lost is None and BASELINE in table.lost and number != ITSELF:
        why = "there is nothing to compare with: the baseline did not come to its end"
        lost = Figure(round=0, entrant=number, verdict=str(Kind.NOT_RUN), reason=why)
    return Sample(
        name=name,
        verdict=lost.verdict if lost else str(Kind.PASS),
        reason=lost.reason if lost else "",
        times=tuple(mine[at].time for at in sorted(mine) if at != COUNTED),
        spent=tuple(mine[at].spent for at in sorted(mine) if mine[at].spent),
        instructions=mine[COUNTED].time if COUNTED in mine else 0,
        peak=memory - min(left) / _MIB if left else 0.0,
    )


def _write(result: Bench, project: Path, rounds: Rounds) -> Bench:
    """``reports/<recipe>-bench/``: tables, page, chart, document, and consoles of what failed."""
    folder = project / "reports" / f"{result.recipe}-bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bench.md"
    result = msgspec.structs.replace(result, report=str(path))
    for (case, who), console in rounds.consoles.items():
        (folder / f"{case}-{who.replace(' ', '-')}.log").write_text(console, "utf-8")
    (folder / "bench.json").write_text(f"{report.to_json(result)}\n", "utf-8")
    (folder / "bench.html").write_text(page(result), "utf-8")
    (folder / "chart.svg").unlink(missing_ok=True)
    if result.runs:
        (folder / "chart.svg").write_text(svg(result), "utf-8")
    path.write_text(report.markdown(result), "utf-8")
    return result
