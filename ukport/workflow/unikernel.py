"""A unikernel, complete: what a cell of the matrix builds, boots, and expects of the guest."""

from dataclasses import dataclass, replace

from ukport.errors import UsageError
from ukport.source import Version
from ukport.verify import emulator, machine
from ukport.verify.client import Client
from ukport.verify.known import Port
from ukport.verify.machine import Machine
from ukport.verify.matrix import Axes, Cell, Filters, cells
from ukport.verify.verdict import Expected
from ukport.verify.workspace import Application, Library, Surroundings
from ukport.workflow.port import Made
from ukport.workflow.whole import origin as origin_of


@dataclass(frozen=True)
class Unikernel:
    """``memory`` in MiB, ``timeout`` in seconds; without ``library`` it runs on another allocator.

    ``variant`` sets its cell apart from the ordinary one; ``on`` is as Axes.on has it.
    ``accelerator`` is what is wanted, one of ``accelerator.CHOICES``; ``arguments`` are the guest's
    command line, ``features`` what it needs of the processor.
    """

    recipe: str
    cell: Cell
    variant: str
    on: str
    surroundings: Surroundings
    library: Library | None
    application: Application
    expected: Expected
    port: Port
    memory: int
    timeout: float
    accelerator: str
    client: Client | None = None
    arguments: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    def key(self, toolchain: str) -> str:
        """Names its build folder."""
        return f"{self.recipe}-{self.surroundings.key(toolchain)}"


def unikernel(made: Made, axes: Axes, cell: Cell) -> Unikernel:
    """The port ``made``, or what stands in its place, as ``cell`` has it."""
    options = axes.options(cell)
    number = axes.number(cell)
    return Unikernel(
        recipe=made.recipe.name,
        cell=cell,
        variant=axes.variant(cell),
        on=axes.on(cell),
        surroundings=replace(
            made.surroundings,
            enable=options.enable,
            disable=options.disable,
            values=options.values,
            machine=emulator.chosen(axes.machine(cell), cell.qemu),
        ),
        library=made.library if number is None else None,
        application=made.application,
        expected=_expected(made, cell, number),
        port=_port(made) if number is None else Port("", "", "", made.recipe.test.memory),
        memory=cell.memory,
        timeout=_timeout(made, cell),
        accelerator=cell.accelerator,
        client=made.client,
        arguments=made.recipe.test.client.arguments if made.recipe.test.client else (),
        features=made.recipe.test.cpu_features.get(cell.architecture, ()),
    )


def _expected(made: Made, cell: Cell, number: int | None) -> Expected:
    if number is None:
        return Expected(made.recipe.name, made.number, cell.cpus)
    return Expected(cell.allocator, number, cell.cpus)


def _timeout(made: Made, cell: Cell) -> int:
    test = made.recipe.test
    return test.smp.timeout if test.smp and cell.cpus > 1 else test.timeout


def _port(made: Made) -> Port:
    upstream = made.recipe.upstream
    ordinary = upstream.folder_at(str(made.version), made.sources.upstream.tag)
    origin = origin_of(made.recipe, ordinary)
    return Port(made.library.library, made.library.name, origin, made.recipe.test.memory)


def chosen(axes: Axes, filters: Filters) -> tuple[Machine, ...]:
    """The machines that ``filters`` leave where an axis without a filter has one point."""
    names = filters.architectures or (axes.architectures[0].name,)
    return tuple(emulator.chosen(machine.named(name), filters.qemu) for name in names)


def single(axes: Axes, version: Version, filters: Filters, accelerator: str) -> Cell:
    """The one cell that ``filters`` leave; raises UsageError where they leave none or more."""
    found = cells(axes, [version], filters, accelerator, whole=False)
    if not found:
        raise UsageError(
            f"the recipe's matrix has no such cell for {version}",
            "its architectures and configurations say which versions they serve",
        )
    if len(found) > 1:
        raise UsageError(f"{len(found)} cells of the matrix are meant", "say --matrix for many")
    return found[0]
