"""``ukport outdated``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Offline
from ukport.cli.places import cache, project


def outdated(
    names: Annotated[list[str] | None, typer.Argument(metavar="[RECIPE…]")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 where a recipe is behind.")
    ] = False,
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Tell how far each recipe is behind its upstream, with dates."""
    from ukport.cli.show import Screen
    from ukport.errors import ExitCode
    from ukport.workflow.outdated import outdated as look

    with Screen(json=json, color=color) as screen:
        found = look(project(directory), names or (), cache(offline=offline))
        rows = [
            (
                one.recipe,
                f"{one.version} ({one.date})",
                f"{one.line} ({one.line_date})",
                f"{one.latest} ({one.latest_date})",
                str(one.behind),
            )
            for one in found
        ]
        columns = ("recipe", "here", "newest of its line", "newest", "releases behind")
        code = screen.finish_rows("outdated", found, rows, *columns)
        return ExitCode.FINDINGS if check and any(one.behind for one in found) else code
