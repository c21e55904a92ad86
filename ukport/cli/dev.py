"""``ukport dev``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Name, Offline
from ukport.cli.places import cache, project

Tree = Annotated[
    str | None,
    typer.Option("--tree", metavar="TREE", help="Another tree with a series, such as the core."),
]
Of = Annotated[
    str | None,
    typer.Option("--version", metavar="VERSION", help="The series that serves this version."),
]


def dev(
    name: Name,
    tree: Tree = None,
    version: Of = None,
    discard: Annotated[
        bool, typer.Option("--discard", help="Drop what an open work tree holds.")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="Remove the work tree.")] = False,
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Open a series as a branch of commits, to be edited with plain git."""
    from ukport.cli.show import Screen
    from ukport.workflow.develop import Workbench

    with Screen(json=json, color=color) as screen:
        bench = Workbench(project(directory), cache(offline=offline))
        series = bench.choose(name, tree, version)
        if close:
            bench.close(series)
            return screen.finish_paths("closed", [series.folder])
        opened = bench.open(series, discard=discard)
        told = (opened.series.folder, str(opened.commits), str(opened.folder))
        code = screen.finish_rows("dev", [opened], [told], "series", "commits", "work tree")
        screen.note(f"edit and commit there with git, then run: ukport refresh {name}")
        return code
