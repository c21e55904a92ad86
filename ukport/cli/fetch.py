"""``ukport fetch``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Bundle, Color, Directory, Json, Mirror, Offline
from ukport.cli.places import cache, project


def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RECIPE]...", help="All of them where none.")
    ] = None,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="VERSION", help="Another than the recipe's own."),
    ] = None,
    json: Json = False,
    offline: Offline = False,
    mirror: Mirror = None,
    bundle: Bundle = None,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Bring the sources of recipes into the cache and check them against the lock."""
    from ukport.cli.show import Screen
    from ukport.workflow.fetch import fetch as run

    with Screen(json=json, color=color) as screen:
        store = cache(offline=offline, mirror=mirror, bundle=bundle)
        fetched = run(project(directory), names or [], version, store, screen.tell)
        return screen.finish_fetch(fetched)
