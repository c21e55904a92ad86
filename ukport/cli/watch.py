"""``ukport watch``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Accel, Color, Directory, Json, Offline
from ukport.cli.places import cache, project


def watch(
    names: Annotated[list[str] | None, typer.Argument(metavar="[RECIPE…]")] = None,
    line: Annotated[
        bool, typer.Option("--line", help="Only releases of the recipe's own major.minor.")
    ] = False,
    accel: Accel = "auto",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Make a branch with its report for each new upstream release, once; for CI."""
    from ukport.cli.show import Screen
    from ukport.errors import ExitCode
    from ukport.workflow.watch import Watch

    with Screen(json=json, color=color) as screen:
        work = Watch(project(directory), cache(offline=offline), screen.tell, accel)
        found = work.run(names or (), line=line)
        rows = [(one.recipe, one.version, one.to, one.outcome, one.branch or "-") for one in found]
        columns = ("recipe", "here", "to", "outcome", "branch")
        code = screen.finish_rows("watch", found, rows, *columns)
        fine = {"pass", "current", "known"}
        return code if all(one.outcome in fine for one in found) else ExitCode.FINDINGS
