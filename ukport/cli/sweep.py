"""``ukport sweep``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Accel, Color, Directory, Json, Memory, Name, Offline
from ukport.cli.places import cache, project


def sweep(
    name: Name,
    since: Annotated[str, typer.Option("--from", metavar="VERSION", help="The first release.")],
    until: Annotated[
        str, typer.Option("--to", metavar="VERSION", help="The last one; the newest if not said.")
    ] = "",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=0, help="Cores to use; 0: all.")
    ] = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run also what an earlier run has the result of.")
    ] = False,
    memory: Memory = None,
    min_memory: Annotated[
        bool, typer.Option("--min-memory", help="Find the least guest memory that passes.")
    ] = False,
    accel: Accel = "auto",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Port, build, boot and judge every release of upstream; only reports/ is written.

    What was tried before with the same inputs is not tried again.
    """
    from ukport.cli.show import Screen
    from ukport.workflow.sweep import Wish, run

    wish = Wish(since, until, accel, min_memory, fresh, jobs, tuple(memory or ()))
    screen = Screen(json=json, color=color)
    with screen.board() as board:
        found = run(project(directory), name, cache(offline=offline), board.tell, wish)
    return screen.finish_sweep(found)
