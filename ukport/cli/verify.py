"""``ukport verify``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import (
    Accel,
    Bundle,
    Color,
    Directory,
    Json,
    Mirror,
    Name,
    Offline,
    cache,
    project,
)


def verify(
    name: Name,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="VERSION", help="Another than the recipe's own."),
    ] = None,
    arch: Annotated[
        list[str] | None,
        typer.Option("--arch", metavar="ARCH", help="x86_64 or arm64, as the recipe has them."),
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option("--config", metavar="NAME", help="A configuration of the recipe's matrix."),
    ] = None,
    allocator: Annotated[
        list[str] | None,
        typer.Option("--allocator", metavar="NAME", help="Another allocator of its matrix."),
    ] = None,
    memory: Annotated[
        list[int] | None, typer.Option("--memory", metavar="MIB", min=2, help="Of the guest, MiB.")
    ] = None,
    accel: Accel = "auto",
    json: Json = False,
    offline: Offline = False,
    mirror: Mirror = None,
    bundle: Bundle = None,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Build and boot a recipe, and judge what the guest says; the recipe stays as it is."""
    from ukport.cli.show import Screen
    from ukport.verify.matrix import Filters
    from ukport.workflow.verify import verify as run

    with Screen(json=json, color=color) as screen:
        where = project(directory)
        filters = Filters(
            allocators=tuple(allocator or ()),
            configurations=tuple(config or ()),
            architectures=tuple(arch or ()),
            memory=tuple(memory or ()),
        )
        kept = cache(offline=offline, mirror=mirror, bundle=bundle)
        result = run(where, name, version, kept, screen.tell, accel=accel, filters=filters)
        return screen.finish(result)
