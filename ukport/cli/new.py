"""``ukport new``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Accel, Color, Directory, Json, Offline
from ukport.cli.places import cache


def new(
    url: Annotated[str, typer.Argument(metavar="URL", help="Upstream's git repository.")],
    version: Annotated[
        str, typer.Option("--version", metavar="VERSION", help="1.3 (its newest), 1.3.1, latest.")
    ] = "latest",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The recipe's, if not the repository's.")
    ] = "",
    boot: Annotated[
        bool, typer.Option("--boot/--no-boot", help="Build and boot what is proposed.")
    ] = True,
    accel: Accel = "auto",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Propose a port of a C library that nobody has ported, write it, build it and boot it."""
    from ukport.cli.show import Screen
    from ukport.source.named import Named
    from ukport.workflow.new import Wish
    from ukport.workflow.new import new as work

    with Screen(json=json, color=color) as screen:
        wish = Wish(Named.parse(url), version, name, boot, accel)
        found = work(directory.absolute(), wish, cache(offline=offline), screen.tell)
        return screen.finish_new(found)
