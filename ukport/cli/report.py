"""``ukport report``: what is done with results that are there."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.edge import at_edge
from ukport.cli.options import Color, Directory, Json
from ukport.cli.places import project

report = typer.Typer(
    name="report",
    help="Work with results that are there.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@report.callback()
def _group() -> None:
    """A group of commands, though it has one only."""


@report.command("join")
@at_edge
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
