"""``ukport bundle``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Mirror, Name, Offline
from ukport.cli.places import cache, project


def bundle(
    name: Name,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write.")
    ],
    json: Json = False,
    offline: Offline = False,
    mirror: Mirror = None,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Write every source that upgrades of a recipe need into one file, for --bundle."""
    from ukport.cli.show import Screen
    from ukport.workflow.bundle import bundle as run

    with Screen(json=json, color=color) as screen:
        store = cache(offline=offline, mirror=mirror)
        return screen.finish_bundle(run(project(directory), name, output, store, screen.tell))
