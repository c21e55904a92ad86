"""``ukport symbols``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Name, Offline, cache, project


def symbols(
    name: Name,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="VERSION", help="Another than the recipe's own."),
    ] = None,
    of: Annotated[
        str, typer.Option("--of", metavar="LIBRARY", help="Another library of the same build.")
    ] = "",
    only: Annotated[
        str, typer.Option("--only", metavar="PATTERN", help="Only sources such as 'src/stdio/*'.")
    ] = "",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """What each unit defines and needs, and who provides what is needed from outside."""
    from ukport.workflow.symbols import Question
    from ukport.workflow.symbols import symbols as run

    where = project(directory)
    question = Question(name, version, of, only)
    store = cache(offline=offline)
    if json:
        from ukport.report.symbols import code, to_json

        found = run(where, question, store, _quiet)
        typer.echo(to_json(found))
        return code(found)
    from ukport.cli.show import Screen
    from ukport.report.symbols import code, table

    with Screen(json=False, color=color) as screen:
        found = run(where, question, store, screen.tell)
        screen.put(*table(found))
        return code(found)


def _quiet(_event: object) -> None:
    """Nothing but the document is printed."""
