"""``ukport verify``: build, boot, judge."""

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.process import require
from ukport.recipe import Recipe, load
from ukport.recipe import lock as locks
from ukport.report.result import Result
from ukport.source import Cache
from ukport.verify import accelerator
from ukport.verify.boot import Boot
from ukport.verify.build import BuildError, Built, build, require_tools, toolchain
from ukport.verify.explanation import Explanation
from ukport.verify.machine import Machine
from ukport.verify.matrix import Axes, Filters
from ukport.verify.platform import PLATFORMS
from ukport.verify.trial import Subject, try_out
from ukport.verify.verdict import Kind, Verdict
from ukport.verify.workspace import Workspace, hold, prepare
from ukport.workflow.events import Tell
from ukport.workflow.port import Request, make
from ukport.workflow.results import result_of, write_report
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import recover
from ukport.workflow.unikernel import Unikernel, chosen, single, unikernel


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
) -> Result:
    """Build and boot a recipe at its own version, or at ``version``; only reports/ is written.

    ``filters`` choose the cell of the recipe's matrix: one name an axis at most.
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
        unit = unikernel(made, axes, single(axes, made.version, filters or Filters(), accel))
        verification = prove(unit, cache, stages)
    result = result_of(made, verification, stages, time.monotonic() - began)
    return write_report(msgspec.structs.replace(result, previous=result.version), project)


def check_machine(accel: str, recipe: Recipe, *machines: Machine) -> None:
    """Raises MissingError or UsageError at once for what would only fail after the build."""
    accelerator.check(accel)
    for machine in machines:
        require(machine.qemu)
        require_tools(machine, PLATFORMS[recipe.platform])


def prove(unit: Unikernel, cache: Cache, stages: Stages) -> Verification:
    """Build a unikernel, boot it, judge its console."""
    machine = unit.surroundings.machine
    root = cache.root / "build" / unit.key(toolchain(machine))

    def waiting(folder: Path) -> None:
        stages.moved("build", f"waiting for another ukport in {folder}")

    where = unit.surroundings.where
    with hold(root, waiting) as workspace:
        try:
            with stages.stage("build", where):
                prepare(workspace, unit.surroundings, unit.library, unit.application)
                built = build(
                    workspace,
                    unit.surroundings,
                    unit.library,
                    progress=lambda steps: stages.moved("build", f"{where}, {steps} steps"),
                )
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
    )
