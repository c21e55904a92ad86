"""``ukport bench``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import (
    Accel,
    Allocators,
    Arch,
    Color,
    Config,
    Directory,
    Json,
    Memory,
    Name,
    Offline,
    Qemu,
    Smp,
    Versions,
    filters,
)
from ukport.cli.places import cache, project


def bench(
    name: Name,
    version: Versions = None,
    allocator: Allocators = None,
    against: Annotated[
        str,
        typer.Option("--against", metavar="WHAT", help="An allocator of the matrix, or a version."),
    ] = "",
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="BENCHMARK", help="One of the recipe's; repeatable."),
    ] = None,
    runs: Annotated[
        int,
        typer.Option(
            "--runs", metavar="N", min=0, max=1000, help="Timed rounds; 0 counts instructions."
        ),
    ] = 7,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure again what is kept of an earlier run.")
    ] = False,
    arch: Arch = None,
    config: Config = None,
    memory: Memory = None,
    smp: Smp = 1,
    qemu: Qemu = "",
    accel: Accel = "auto",
    json: Json = False,
    html: Annotated[bool, typer.Option("--html", help="The HTML page on stdout.")] = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Measure the recipe's benchmarks against another allocator, in rounds of boots.

    Every figure is a ratio; only reports/ is written. An interrupted run goes on where it was.
    """
    from ukport.cli.documents import one_document
    from ukport.cli.show import Screen
    from ukport.report.bench import to_json
    from ukport.report.benchpage import page
    from ukport.workflow.bench import Order
    from ukport.workflow.bench import bench as run
    from ukport.workflow.stage import Stages

    order = Order(
        versions=tuple(dict.fromkeys(version or ())),
        against=against,
        only=tuple(only or ()),
        runs=runs,
        accel=accel,
        filters=filters(allocator, config, arch, memory, smp, qemu),
        fresh=fresh,
    )
    form = one_document(json=json, junit=False, html=html)
    with Screen(json=form is not None, color=color) as screen:
        found = run(project(directory), name, cache(offline=offline), Stages(screen.tell), order)
        return screen.finish_bench(found, page if html else to_json)
