"""``ukport verify``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import (
    Accel,
    Arch,
    Bundle,
    Color,
    Config,
    Directory,
    Json,
    Memory,
    Mirror,
    Name,
    Offline,
    OtherAllocator,
    Qemu,
    Smp,
    Versions,
    filters,
)
from ukport.cli.places import cache, project
from ukport.errors import UsageError


def verify(
    name: Name,
    version: Versions = None,
    matrix: Annotated[
        bool,
        typer.Option("--matrix", help="Every cell of the recipe's matrix."),
    ] = False,
    arch: Arch = None,
    config: Config = None,
    allocator: OtherAllocator = None,
    memory: Memory = None,
    smp: Smp = 1,
    qemu: Qemu = "",
    shard: Annotated[
        str, typer.Option("--shard", metavar="I/N", help="Only this part of the matrix.")
    ] = "",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=0, help="Cores to use; 0: all.")
    ] = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run also what a matrix has the result of.")
    ] = False,
    min_memory: Annotated[
        bool, typer.Option("--min-memory", help="Find the least guest memory that passes.")
    ] = False,
    upstream_tests: Annotated[
        bool, typer.Option("--upstream-tests", help="Run upstream's own tests, of one version.")
    ] = False,
    timings: Annotated[bool, typer.Option("--timings", help="Say where the time went.")] = False,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="V", help="A version or allocator to compare with."),
    ] = None,
    gdb: Annotated[
        bool, typer.Option("--gdb", help="Where the guest dies: gdb there, symbols loaded.")
    ] = False,
    accel: Accel = "auto",
    json: Json = False,
    junit: Annotated[bool, typer.Option("--junit", help="JUnit's XML on stdout.")] = False,
    html: Annotated[bool, typer.Option("--html", help="The HTML page on stdout.")] = False,
    offline: Offline = False,
    mirror: Mirror = None,
    bundle: Bundle = None,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Build and boot a recipe, and judge what the guest says; the recipe stays as it is.

    With --matrix, or where several points of an axis are named: every cell, in parallel.
    """
    from ukport.cli.documents import Form, one_document
    from ukport.cli.show import Screen
    from ukport.workflow.debug import check_debugger, debug
    from ukport.workflow.matrix import Order
    from ukport.workflow.matrix import run as run_matrix
    from ukport.workflow.verify import verify as run

    if gdb:
        check_debugger((arch or ["x86_64"])[0])
    chosen = filters(allocator, config, arch, memory, smp, qemu)
    versions = tuple(version or ())
    where = project(directory)
    kept = cache(offline=offline, mirror=mirror, bundle=bundle)
    form = one_document(json=json, junit=junit, html=html)
    screen = Screen(json=form is not None, color=color)
    many = matrix or "," in accel or bool(shard) or len(versions) > 1 or chosen.several
    if upstream_tests and (many or baseline):
        raise UsageError(
            "--upstream-tests is for one version and one cell",
            "name one --version, and neither --matrix nor --baseline",
        )
    if many:
        order = Order(
            versions, chosen, accel, matrix, shard, min_memory, fresh, jobs, baseline or ""
        )
        with screen.board() as board:
            done = run_matrix(where, name, kept, board.tell, order)
            return board.finish(done, (form or Form()).matrix)
    with screen:
        result = run(
            where,
            name,
            versions[0] if versions else None,
            kept,
            screen.tell,
            accel=accel,
            filters=chosen,
            least=min_memory,
            baseline=baseline,
            upstream=upstream_tests,
        )
        code = screen.finish(result, (form or Form()).result)
        if timings and form is None:
            screen.timings(result)
    if gdb:
        debug(result)
    return code
