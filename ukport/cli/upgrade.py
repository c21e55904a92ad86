"""``ukport upgrade``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Accel, Color, Directory, Json, Name, Offline, cache, project


def upgrade(
    name: Name,
    to: Annotated[
        str,
        typer.Option("--to", metavar="VERSION", help="2.1 (the newest 2.1.x), 2.1.7, or latest."),
    ] = "latest",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything, but write nothing here.")
    ] = False,
    accel: Accel = "auto",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Carry a recipe to another upstream version: fetch, rebase, glue, build, boot, report."""
    from ukport.cli.show import Screen
    from ukport.workflow.upgrade import upgrade as run

    with Screen(json=json, color=color) as screen:
        result = run(
            project(directory),
            name,
            to,
            cache(offline=offline),
            screen.tell,
            dry_run=dry_run,
            accel=accel,
        )
        return screen.finish(result)
