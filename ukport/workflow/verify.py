"""``ukport verify``: build, boot, judge."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ukport.process import require
from ukport.recipe import Recipe, load
from ukport.recipe import lock as locks
from ukport.report.result import Result
from ukport.source import Cache
from ukport.verify import accelerator, client, emulator
from ukport.verify.boot import Boot
from ukport.verify.build import BuildError, Built, build, require_tools, toolchain
from ukport.verify.explanation import Explanation
from ukport.verify.machine import Machine
from ukport.verify.matrix import Axes, Filters
from ukport.verify.platform import PLATFORMS
from ukport.verify.room import room
from ukport.verify.trial import Subject, try_out
from ukport.verify.verdict import Kind, Verdict
from ukport.verify.workspace import Workspace, forget, hold, prepare
from ukport.workflow.application import upstream_tests
from ukport.workflow.baseline import Wanted, compared
from ukport.workflow.beside import on_allocator
from ukport.workflow.events import Tell
from ukport.workflow.port import Request, for_cpus, make
from ukport.workflow.results import result_of, write_report
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import recover
from ukport.workflow.unikernel import Unikernel, chosen, single, unikernel

_FLOOR = 2  # MiB; no kernel of these boots with less


@dataclass(frozen=True)
class Verification:
    """A verdict and what it rests on; ``built`` and ``booted`` as far as it came."""

    unit: Unikernel
    verdict: Verdict
    built: Built | None = None
    booted: Boot | None = None
    log: bytes = b""
    explanation: Explanation | None = None


def verify(
    project: Path,
    name: str,
    version: str | None,
    cache: Cache,
    tell: Tell,
    *,
    accel: str = "auto",
    filters: Filters | None = None,
    least: bool = False,
    baseline: str | None = None,
    upstream: bool = False,
) -> Result:
    """Build and boot a recipe at its own version, or at ``version``; only reports/ is written.

    ``filters`` choose the cell of the recipe's matrix: one name an axis at most. ``least`` looks
    for the least memory that passes. ``baseline`` is another version or allocator, which is tried
    in the same cell. ``upstream`` runs its own tests in place of the recipe's.
    """
    began = time.monotonic()
    recover(project)
    recipe = load(project, name)
    axes = Axes.of(recipe)
    check_machine(accel, recipe, *chosen(axes, filters or Filters()))
    lock = locks.read(project / "recipes" / name)
    request = Request(project, recipe, version or recipe.version, lock, stored=version is None)
    stages = Stages(tell)
    with cache.scratch() as scratch:
        made = make(request, cache, stages, scratch)
        if upstream:
            tests = upstream_tests(recipe, project, made.carried[0].patched)
            made = replace(made, application=tests)
        elif filters:
            made = for_cpus(made, project, filters.cpus)
        cell = single(axes, made.version, filters or Filters(), accel)
        made = on_allocator(made, axes, cell.allocator, project, cache, stages, scratch)
        unit = unikernel(made, axes, cell)
        verification = prove(unit, cache, stages)
        result = result_of(made, verification, stages, time.monotonic() - began)
        if least:
            result = least_memory(result, unit, cache, stages)
        if baseline:
            wanted = Wanted(baseline, request, axes, cell)
            result = compared(
                result,
                made,
                wanted,
                cache,
                stages,
                scratch / "baseline",
                lambda unit, quiet: prove(unit, cache, quiet).verdict,
            )
    return write_report(msgspec.structs.replace(result, previous=result.version), project)


def check_machine(accel: str, recipe: Recipe, *machines: Machine) -> None:
    """Raises MissingError or UsageError at once for what would only fail after the build."""
    accelerator.check(accel)
    for machine in machines:
        require(machine.qemu)
        require_tools(machine, PLATFORMS[recipe.platform])
    if recipe.test.client:
        client.require(recipe.test.client.modules, recipe.test.client.tools)


def image_of(unit: Unikernel, cache: Cache, stages: Stages, folder: Path) -> Subject:
    """The built unikernel, its image copied to ``folder``: it may boot while others are built.

    Raises BuildError.
    """
    with _held(unit, cache, stages) as workspace:
        built = _built(unit, workspace, stages, 0)
        subject = _subject(unit, built, workspace)
        folder.mkdir(parents=True)
        for path in (*built.image.parent.glob(f"{built.image.name}*"), workspace.config):
            if path.is_file():
                shutil.copy(path, folder)
    return replace(subject, image=folder / built.image.name, config=folder / workspace.config.name)


@contextmanager
def _held(unit: Unikernel, cache: Cache, stages: Stages) -> Iterator[Workspace]:
    root = cache.root / "build" / unit.key(toolchain(unit.surroundings.machine))

    def waiting(folder: Path) -> None:
        stages.moved("build", f"waiting for another ukport in {folder}")

    with hold(root, waiting) as workspace:
        yield workspace


def _built(unit: Unikernel, workspace: Workspace, stages: Stages, jobs: int) -> Built:
    with stages.stage("build", unit.surroundings.where) as said:
        with room(workspace.root, unit.surroundings.platform.room):
            built, stale = _build(unit, workspace, stages, jobs)
        said += [unit.surroundings.where, *stale]
    return built


def prove(unit: Unikernel, cache: Cache, stages: Stages, *, jobs: int = 0) -> Verification:
    """Build a unikernel, boot it, judge its console; ``jobs`` of make, 0 for one a core."""
    lacking = _lacking(unit, cache)
    if lacking:
        return Verification(unit, Verdict(Kind.NOT_RUN, lacking.reason, hint=lacking.hint))
    with _held(unit, cache, stages) as workspace:
        try:
            built = _built(unit, workspace, stages, jobs)
        except BuildError as error:
            return Verification(unit, Verdict(Kind.BUILD, error.message), log=error.log)
        with stages.stage("boot", "QEMU") as said:
            trial = try_out(_subject(unit, built, workspace), unit.accelerator, cache.root)
            said.append(f"QEMU, {trial.booted.accelerator}" if trial.booted else "not booted")
    verdict = trial.verdict
    with stages.stage("test") as said:
        said.append(f"{verdict.passed}/{verdict.planned}")
        if verdict.version:
            said.append(f"{unit.expected.name} {verdict.version} as reported by the guest")
    return Verification(unit, verdict, built, trial.booted, built.log, trial.explanation)


def _lacking(unit: Unikernel, cache: Cache) -> emulator.Lack | None:
    """What this machine lacks for the unikernel's CPUs; known before anything is built."""
    if unit.cell.cpus == 1 and not unit.features:
        return None
    machine = unit.surroundings.machine
    accel = accelerator.choose(cache.root, unit.accelerator, machine)
    return emulator.lack(machine, accel.name, unit.cell.cpus, unit.features)


def _build(
    unit: Unikernel, workspace: Workspace, stages: Stages, jobs: int
) -> tuple[Built, list[str]]:
    """Build, and once more where an object of another version was linked; what was found so."""
    where = unit.surroundings.where

    def once() -> Built:
        prepare(workspace, unit.surroundings, unit.library, unit.application)
        return build(
            workspace,
            unit.surroundings,
            unit.library,
            jobs=jobs,
            progress=lambda steps: stages.moved("build", f"{where}, {steps} steps"),
        )

    built = once()
    others = _subject(unit, built, workspace).strangers()
    if not others or unit.library is None:
        return built, []
    forget(workspace, unit.library)
    return once(), [f"anew: objects of {', '.join(others)} were left"]


def _subject(unit: Unikernel, built: Built, workspace: Workspace) -> Subject:
    return Subject(
        image=built.image,
        root=workspace.root,
        config=workspace.config,
        machine=unit.surroundings.machine,
        memory=unit.memory,
        timeout=unit.timeout,
        expected=unit.expected,
        port=unit.port,
        cpus=unit.cell.cpus,
        client=unit.client,
        arguments=unit.arguments,
    )


def least_memory(result: Result, unit: Unikernel, cache: Cache, stages: Stages) -> Result:
    """``result``, which is of ``unit``, with the least memory that passes, to the MiB.

    Halves the distance between a size that passes and one that does not, so it takes for granted
    that what passes with some memory passes with more. A cell that does not pass has no least.
    With it comes why a MiB less does not do.
    """
    if not result.passed:
        return result
    tried = {str(unit.memory): result.verdict}
    enough, little, below = unit.memory, _FLOOR - 1, ""
    with stages.stage("memory") as said:
        while enough - little > 1:
            size = (enough + little) // 2
            stages.moved("memory", f"{size} MiB; the least is {little + 1} to {enough}")
            verdict = prove(replace(unit, memory=size), cache, Stages(lambda _: None)).verdict
            tried[str(size)] = str(verdict.kind)
            if verdict.kind is Kind.PASS:
                enough = size
            else:
                little, below = size, f"{verdict.kind.upper()} with {size} MiB: {verdict.reason}"
        said.append("; ".join(filter(None, (f"passes with {enough} MiB", below))))
    return msgspec.structs.replace(
        result, least_memory=enough, memory_tried=tried, memory_below=below
    )
