"""``ukport verify``: build, boot, judge."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from ukport.process import require
from ukport.recipe import load
from ukport.recipe import lock as locks
from ukport.report.result import Result
from ukport.source import Cache
from ukport.verify import accelerator, boot
from ukport.verify.boot import Accelerator, Boot
from ukport.verify.build import BuildError, Built, build, require_tools, toolchain
from ukport.verify.machine import X86_64
from ukport.verify.verdict import Expected, Kind, Verdict, judge
from ukport.verify.workspace import hold, prepare
from ukport.workflow.events import Tell
from ukport.workflow.port import Made, Request, make
from ukport.workflow.results import result_of, write_report
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import recover


@dataclass(frozen=True)
class Verification:
    """A verdict and what it rests on; ``built`` and ``booted`` as far as it came."""

    verdict: Verdict
    built: Built | None = None
    booted: Boot | None = None
    log: bytes = b""


def verify(
    project: Path, name: str, version: str | None, cache: Cache, tell: Tell, *, accel: str = "auto"
) -> Result:
    """Build and boot a recipe at its own version, or at ``version``; only reports/ is written."""
    began = time.monotonic()
    check_machine(accel)
    recover(project)
    recipe = load(project, name)
    lock = locks.read(project / "recipes" / name)
    request = Request(project, recipe, version or recipe.version, lock, stored=version is None)
    stages = Stages(tell)
    with cache.scratch() as scratch:
        made = make(request, cache, stages, scratch)
        verification = prove(made, cache, stages, accel)
    result = result_of(made, verification, stages, time.monotonic() - began)
    return write_report(msgspec.structs.replace(result, previous=result.version), project)


def check_machine(accel: str) -> None:
    """Raises MissingError or UsageError at once for what would only fail after the build."""
    accelerator.check(accel)
    require(X86_64.qemu)
    require_tools(X86_64)


def prove(made: Made, cache: Cache, stages: Stages, accel: str) -> Verification:
    """Build the port, boot it, judge its console."""
    root = (
        cache.root
        / "build"
        / f"{made.recipe.name}-{made.surroundings.key(toolchain(made.surroundings.machine))}"
    )

    def waiting(folder: Path) -> None:
        stages.moved("build", f"waiting for another ukport in {folder}")

    where = f"kvm/{made.surroundings.machine.name}"
    with hold(root, waiting) as workspace:
        try:
            with stages.stage("build", where):
                prepare(workspace, made.surroundings, made.library, made.application)
                built = build(
                    workspace,
                    made.surroundings,
                    made.library,
                    progress=lambda steps: stages.moved("build", f"{where}, {steps} steps"),
                )
        except BuildError as error:
            return Verification(Verdict(Kind.BUILD, error.message), log=error.log)
        with stages.stage("boot", "QEMU") as said:
            booted, verdict = _boot(made, built, cache.root, accel)
            said.append(f"QEMU, {booted.accelerator}")
    with stages.stage("test") as said:
        said.append(f"{verdict.passed}/{verdict.planned}")
        if verdict.version:
            said.append(f"{made.recipe.name} {verdict.version} as reported by the guest")
    return Verification(verdict, built, booted, built.log)


def _boot(made: Made, built: Built, root: Path, accel: str) -> tuple[Boot, Verdict]:
    """Boot with KVM where the probe passed; a guest that says nothing there is tried with TCG."""
    test = made.recipe.test
    expected = Expected(made.recipe.name, made.number)
    machine = made.surroundings.machine
    chosen = accelerator.choose(root, accel, machine)
    run = partial(boot.run, memory=test.memory, timeout=test.timeout, machine=machine)
    booted = run(built.image, chosen)
    verdict = judge(booted.console, booted.ended, expected)
    silent = verdict.kind in (Kind.CRASH, Kind.HANG, Kind.NOT_RUN) and not verdict.version
    if chosen != Accelerator("kvm") or not silent:
        return booted, verdict
    tcg = Accelerator("tcg", "KVM cannot run guests here")
    again = run(built.image, tcg)
    second = judge(again.console, again.ended, expected)
    if not second.version:
        return booted, verdict
    accelerator.remember(root, tcg)
    return again, second
