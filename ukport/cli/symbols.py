"""``ukport symbols``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Name, Offline
from ukport.cli.places import cache, project

if TYPE_CHECKING:
    from ukport.source import Cache
    from ukport.symbols.library import Symbols
    from ukport.workflow.answers import Question
    from ukport.workflow.events import Tell


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
    from ukport.workflow.answers import Question, known

    where, store = project(directory), cache(offline=offline)
    question = Question(name, version, of, only)
    found = known(where, question, store)
    if json:
        from ukport.report.symbols import code, to_json

        found = found or _ask(where, question, store, _quiet)
        typer.echo(to_json(found))
        return code(found)
    from ukport.cli.show import Screen
    from ukport.report.symbols import code, table

    with Screen(json=False, color=color) as screen:
        found = found or _ask(where, question, store, screen.tell)
        screen.put(*table(found))
        return code(found)


def _ask(where: Path, question: "Question", store: "Cache", tell: "Tell") -> "Symbols":
    from ukport.workflow.symbols import symbols as run

    return run(where, question, store, tell)


def _quiet(_event: object) -> None:
    """Nothing but the document is printed."""
