"""``ukport refresh``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Name
from ukport.cli.places import cache, project
from ukport.errors import UsageError


def refresh(
    name: Name,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be written, and write nothing.")
    ] = False,
    json: Json = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Write the commits of every open work tree back to its series: only what changed."""
    from ukport.cli.show import Screen
    from ukport.workflow.develop import Workbench

    with Screen(json=json, color=color) as screen:
        bench = Workbench(project(directory), cache(offline=True))
        opened = bench.opened(name)
        if not opened:
            raise UsageError(f"{name}: no series is open", f"open one with: ukport dev {name}")
        written = [bench.refresh(one, dry_run=dry_run) for one in opened]
        rows = [(w.series.folder, p.patch.name, p.state) for w in written for p in w.patches]
        rows += [(w.series.folder, name, "gone") for w in written for name in w.gone]
        code = screen.finish_rows("refresh", written, rows, "series", "patch", "state")
        for one in written:
            for path in one.files:
                screen.note(f"  {'would be ' if dry_run else ''}written {path}")
            if one.unknown:
                screen.note(f"  left out, since git does not know it: {', '.join(one.unknown)}")
        return code
