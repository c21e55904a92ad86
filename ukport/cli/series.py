"""``ukport series``."""

from pathlib import Path

from ukport.cli.options import Color, Directory, Json, Name
from ukport.cli.places import cache, project


def series(
    name: Name, json: Json = False, color: Color = "auto", directory: Directory = Path()
) -> int:
    """List the patches of a recipe: where they stand upstream, in their tree, in the work tree."""
    from ukport.cli.show import Screen
    from ukport.workflow.develop import Workbench

    with Screen(json=json, color=color) as screen:
        bench = Workbench(project(directory), cache(offline=True))
        shown = tuple(bench.listed(name))
        rows = [
            (
                one.folder,
                one.name,
                one.upstream.partition(" ")[0].lower() or "-",
                one.applies,
                one.work or "-",
            )
            for one in shown
        ]
        columns = ("series", "patch", "upstream", "applies", "work tree")
        return screen.finish_rows("series", shown, rows, *columns)
