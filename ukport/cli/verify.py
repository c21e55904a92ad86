"""``ukport verify``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Accel, Color, Directory, Json, Name, Offline, cache, project


def verify(
    name: Name,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="VERSION", help="Another than the recipe's own."),
    ] = None,
    accel: Accel = "auto",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Build and boot a recipe, and judge what the guest says; the recipe stays as it is."""
    from ukport.cli.show import Screen
    from ukport.workflow.verify import verify as run

    with Screen(json=json, color=color) as screen:
        where = project(directory)
        result = run(where, name, version, cache(offline=offline), screen.tell, accel=accel)
        return screen.finish(result)
