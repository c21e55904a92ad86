"""``ukport verify --matrix``: every cell of a recipe's matrix, in parallel, resumed, none lost."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ukport import process
from ukport.errors import UkportError
from ukport.recipe import Recipe, load
from ukport.recipe import lock as locks
from ukport.report import html, junit
from ukport.report.compare import within
from ukport.report.matrix import MatrixResult, from_json, join, markdown, page, to_json
from ukport.report.result import Result
from ukport.source import Cache, Version, find_exact, find_version
from ukport.verify import accelerator, budget, emulator
from ukport.verify.budget import Budget
from ukport.verify.build import toolchain
from ukport.verify.matrix import Axes, Cell, Filters, cells, folder_key, grouped, shard
from ukport.workflow.beside import on_allocator
from ukport.workflow.events import Event, Finished, Planned, Tell, TellCells, Working
from ukport.workflow.kept import Kept
from ukport.workflow.port import Made, Request, for_cpus, make
from ukport.workflow.results import (
    nothing_made,
    patch_outcomes,
    result_of,
    with_logs,
    write_report,
    write_texts,
)
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import recover
from ukport.workflow.unikernel import unikernel
from ukport.workflow.verify import check_machine, least_memory, prove


@dataclass(frozen=True)
class Order:
    """Which cells, and how: ``versions`` as the user wrote them, none for the recipe's.

    ``whole`` means every point of an axis that ``filters`` do not speak of. ``part`` is ``i/n`` or
    nothing. ``least`` looks for the least memory of each. ``fresh`` uses no kept result.
    ``baseline`` names one of the versions or allocators, which the others are compared with.
    """

    versions: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    accel: str = "auto"
    whole: bool = True
    part: str = ""
    least: bool = False
    fresh: bool = False
    jobs: int = 0
    baseline: str = ""


def planned(project: Path, name: str, cache: Cache, order: Order) -> tuple[Axes, tuple[Cell, ...]]:
    """The cells of ``order``; raises UsageError, FetchError."""
    recipe = load(project, name)
    axes = Axes.of(recipe)
    versions = _versions(recipe, order, cache)
    found = cells(axes, versions, order.filters, order.accel, whole=order.whole)
    if order.part:
        found = shard(found, order.part, lambda cell: folder_key(axes, cell))
    return axes, found


def _versions(recipe: Recipe, order: Order, cache: Cache) -> Sequence[Version]:
    if order.versions:
        return [find_version(recipe, text, cache)[0] for text in dict.fromkeys(order.versions)]
    stored = (recipe.matrix.versions if order.whole else ()) or (recipe.version,)
    return [find_exact(recipe, text, cache)[0] for text in stored]


def run(project: Path, name: str, cache: Cache, tell: TellCells, order: Order) -> MatrixResult:
    """Build, boot and judge every cell; a cell that fails does not stop the others.

    Raises MissingError before anything is built where a program is missing.
    """
    began = time.monotonic()
    recover(project)
    axes, wanted = planned(project, name, cache, order)
    machines = dict.fromkeys(emulator.chosen(axes.machine(c), c.qemu) for c in wanted)
    check_machine(order.accel, axes.recipe, *machines)
    tell(Planned(len(wanted)))
    room = Budget(order.jobs or budget.cores(), budget.free_memory())
    with cache.scratch() as scratch:
        made = _make_all(project, axes, wanted, cache, tell, scratch)
        bench = Bench(project, axes, cache, tell, order, room, made)
        groups = grouped(wanted, lambda cell: folder_key(axes, cell))
        # The longest first: what is left at the end is short.
        queue = sorted((group for _, group in groups), key=len, reverse=True)
        done = bench.all(queue)
    results = tuple(done[cell][0] for cell in wanted)
    if order.baseline:
        results = within(results, order.baseline)
    matrix = MatrixResult(
        recipe=name,
        part=order.part,
        cells=results,
        kept=sum(kept for _, kept in done.values()),
        seconds=time.monotonic() - began,
        cores=room.cores,
    )
    return write_matrix(matrix, project)


def _make_all(
    project: Path,
    axes: Axes,
    wanted: Sequence[Cell],
    cache: Cache,
    tell: TellCells,
    scratch: Path,
) -> Mapping[tuple[str, str], Made | UkportError]:
    """The port of every version, or why there is none; another allocator stands in recipe's own.

    A port that is an allocator stands beside it.
    """
    recipe = axes.recipe
    lock = locks.read(project / "recipes" / recipe.name)
    found: dict[tuple[str, str], Made | UkportError] = {}
    for version, beside in dict.fromkeys(_ports(axes, cell) for cell in wanted):
        text = version or recipe.version
        tell(Working("", f"making the port of {recipe.name} {text} {beside}".rstrip()))
        request = Request(project, recipe, text, lock, stored=True)
        place, quiet = scratch / f"{text} {beside}".rstrip(), Stages(_silent)
        try:
            made = for_cpus(make(request, cache, quiet, place), project, wanted[0].cpus)
            if beside:
                made = on_allocator(made, axes, beside, project, cache, quiet, place)
            found[version, beside] = made
        except UkportError as error:
            found[version, beside] = error
    return found


def _ports(axes: Axes, cell: Cell) -> tuple[str, str]:
    """The version of the port in a cell, and the allocator where that is a port, too."""
    return cell.version, cell.allocator if axes.beside(cell.allocator)[0] else ""


def _silent(_event: Event) -> None:
    pass


@dataclass(frozen=True)
class Bench:
    """Where cells are run: what they share."""

    project: Path
    axes: Axes
    cache: Cache
    tell: TellCells
    order: Order
    room: Budget
    made: Mapping[tuple[str, str], Made | UkportError]

    def all(self, queue: Sequence[Sequence[Cell]]) -> Mapping[Cell, tuple[Result, bool]]:
        """The results of all cells; cells of one build folder one after the other."""
        kept = Kept(self.cache)

        def work(group: Sequence[Cell]) -> list[tuple[Cell, tuple[Result, bool]]]:
            return [(cell, self._told(cell, kept)) for cell in group]

        with ThreadPoolExecutor(max(1, min(self.room.cores, len(queue)))) as pool:
            try:
                return dict(pair for done in pool.map(work, queue) for pair in done)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                process.end_all()
                raise

    def _told(self, cell: Cell, kept: Kept) -> tuple[Result, bool]:
        began = time.monotonic()
        result, was_kept = self._one(cell, kept)
        result = write_report(result, self.project)
        words = f"{result.tests_passed}/{result.tests_planned}" if result.passed else result.reason
        seconds = time.monotonic() - began
        self.tell(Finished(self.axes.name(cell), result.verdict, words, seconds, was_kept))
        return result, was_kept

    def _one(self, cell: Cell, kept: Kept) -> tuple[Result, bool]:
        made = self.made[_ports(self.axes, cell)]
        if isinstance(made, UkportError):
            return nothing_made(self.axes, cell, made), False
        unit = unikernel(made, self.axes, cell)
        machine = unit.surroundings.machine
        chosen = accelerator.choose(self.cache.root, cell.accelerator, machine)
        key = kept.key(unit, toolchain(machine), str(chosen), least=self.order.least)
        found = None if self.order.fresh else kept.read(key)
        if found:
            # It may lie there from a time when the series was written otherwise.
            return msgspec.structs.replace(found, patches=patch_outcomes(made)), True
        began = time.monotonic()
        stages = Stages(self._teller(cell))
        with self.room.share(cell.memory) as cores:
            try:
                proof = prove(unit, self.cache, stages, jobs=cores)
                result = result_of(made, proof, stages, time.monotonic() - began)
                if self.order.least:
                    result = least_memory(result, unit, self.cache, stages)
            except UkportError as error:
                result = nothing_made(self.axes, cell, error)
        if process.is_ending():
            raise KeyboardInterrupt
        kept.write(key, result)
        return result, False

    def _teller(self, cell: Cell) -> Tell:
        def tell(event: Event) -> None:
            self.tell(Working(self.axes.name(cell), f"{event.stage} {event.detail}".strip()))

        return tell


def write_matrix(matrix: MatrixResult, project: Path) -> MatrixResult:
    """``reports/<recipe>-matrix/``, a part's in a folder of its own."""
    part = f"-{matrix.part.replace('/', '-of-')}" if matrix.part else ""
    folder = project / "reports" / f"{matrix.recipe}-matrix{part}"
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "matrix.md"
    matrix = msgspec.structs.replace(matrix, report=str(report))
    texts = {
        "matrix.json": f"{to_json(matrix)}\n",
        "matrix.html": html.render(page(matrix)),
        "junit.xml": junit.render(matrix.cells),
        "matrix.md": markdown(matrix),
    }
    write_texts(folder, texts)
    return matrix


def join_files(files: Sequence[Path], project: Path) -> MatrixResult:
    """One result of the parts in ``files``; raises UsageError for what is none.

    With the consoles and logs of those cells whose reports came along, beside the part's folder.
    """
    parts = []
    for path in files:
        part = from_json(path.read_bytes(), str(path))
        cells = tuple(with_logs(cell, path.absolute().parents[1]) for cell in part.cells)
        parts.append(msgspec.structs.replace(part, cells=cells))
    return write_matrix(join(parts), project)
