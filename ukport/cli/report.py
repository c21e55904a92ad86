"""``ukport report``: what is done with results that are there."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json, project


def join(
    files: Annotated[
        list[Path], typer.Argument(metavar="MATRIX.JSON", help="Each part's reports/…/matrix.json.")
    ],
    json: Json = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """One result of the parts that --shard ran on other machines; 1 where a part is missing."""
    from ukport.cli.show import Screen
    from ukport.workflow.matrix import join_files

    with Screen(json=json, color=color).board() as board:
        return board.finish(join_files(files, project(directory)))
