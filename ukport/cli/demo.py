"""``ukport demo``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Accel, Color


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="A new folder, which is left to play with.")
    ] = Path("ukport-demo"),
    accel: Accel = "auto",
    color: Color = "auto",
) -> int:
    """Show the whole path on an embedded example, to a real boot; no network, a few seconds."""
    from ukport.cli.narrate import Narrator
    from ukport.cli.show import Screen
    from ukport.errors import ExitCode
    from ukport.source import Cache, default_root
    from ukport.workflow.demo import demo as run
    from ukport.workflow.demo import set_up

    with Screen(json=False, color=color) as screen:
        voice = Narrator(screen, screen.out)
        stage = set_up(folder, Cache(default_root()), voice, accel)
        return ExitCode.OK if run(stage) else ExitCode.FINDINGS
