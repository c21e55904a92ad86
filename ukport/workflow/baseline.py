"""What was there before, in the same cell: an older version of the port, or another allocator."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ukport.errors import ConflictError
from ukport.report.compare import against
from ukport.report.result import Result, TestResult
from ukport.source import Cache
from ukport.verify.matrix import Axes, Cell
from ukport.verify.verdict import Kind, Verdict
from ukport.workflow.beside import on_allocator
from ukport.workflow.events import Begun, Event, Moved
from ukport.workflow.port import Made, Request, for_cpus, make
from ukport.workflow.stage import Stages
from ukport.workflow.unikernel import Unikernel, unikernel


@dataclass(frozen=True)
class Wanted:
    """``name`` is a version, or an allocator of the recipe's matrix."""

    name: str
    request: Request
    axes: Axes
    cell: Cell


def compared(
    result: Result,
    made: Made,
    wanted: Wanted,
    cache: Cache,
    stages: Stages,
    scratch: Path,
    prove: Callable[[Unikernel, Stages], Verdict],
) -> Result:
    """The result with its baseline, which is built and booted by ``prove``.

    Raises UsageError where ``wanted`` is neither.
    """
    with stages.stage("baseline", wanted.name) as said:
        quiet = Stages(lambda event: _passed_on(event, stages))
        name, version, verdict = _tried(made, wanted, cache, quiet, scratch, prove)
        baseline = against(
            result,
            name=name,
            version=version,
            verdict=str(verdict.kind),
            reason=verdict.reason,
            tests=tuple(TestResult(check.name, check.passed) for check in verdict.checks),
        )
        said.append(f"{name} {version}: {verdict.kind.upper()}".replace(" :", ":"))
    return msgspec.structs.replace(result, baseline=baseline)


def _tried(
    made: Made,
    wanted: Wanted,
    cache: Cache,
    stages: Stages,
    scratch: Path,
    prove: Callable[[Unikernel, Stages], Verdict],
) -> tuple[str, str, Verdict]:
    axes, project = wanted.axes, wanted.request.project
    is_own = wanted.name == axes.own != axes.recipe.name

    def on_it(port: Made, cell: Cell) -> Unikernel:
        alone = replace(port, surroundings=replace(port.surroundings, ported=()))
        whole = on_allocator(alone, axes, cell.allocator, project, cache, stages, scratch)
        return unikernel(whole, axes, cell)

    if is_own or axes.has(wanted.name):
        cell = replace(wanted.cell, allocator=axes.recipe.name if is_own else wanted.name)
        cell = cell if axes.on(cell) else replace(cell, version="")
        return wanted.name, "", prove(on_it(made, cell), stages)
    request = replace(wanted.request, version=wanted.name, stored=False)
    try:
        older = make(request, cache, stages, scratch)
        older = for_cpus(older, project, wanted.cell.cpus)
    except ConflictError as error:
        return (
            made.recipe.name,
            wanted.name,
            Verdict(Kind.NOT_RUN, error.message.partition("\n")[0]),
        )
    cell = replace(wanted.cell, version=str(older.version))
    verdict = prove(on_it(older, cell), stages)
    return made.recipe.name, str(older.version), verdict


def _passed_on(event: Event, stages: Stages) -> None:
    if isinstance(event, Begun | Moved):
        stages.moved("baseline", f"{event.stage} {event.detail}")
