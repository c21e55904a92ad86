"""``ukport symbols``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Name, Offline
from ukport.cli.places import cache, project

if TYPE_CHECKING:
    from ukport.source import Cache
    from ukport.symbols.difference import Difference
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
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="VERSION", help="What changes to this version.")
    ] = None,
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """What each unit defines and needs, and who provides what is needed from outside."""
    from ukport.workflow.answers import Question, known

    where, store = project(directory), cache(offline=offline)
    question = Question(name, version, of, only)
    if diff is not None:
        return _diff(where, (question, Question(name, diff)), store, json=json, color=color)
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


def _diff(
    where: Path, questions: "tuple[Question, Question]", store: "Cache", *, json: bool, color: str
) -> int:
    from ukport.errors import UsageError
    from ukport.report.difference import code, table, to_json
    from ukport.workflow import answers

    if questions[0].of or questions[0].only:
        raise UsageError("--diff is of the whole of the recipe's library", "drop --of and --only")
    found = answers.known_difference(where, questions, store)
    if json:
        found = found or _compare(where, questions, store, _quiet)
        typer.echo(to_json(found))
        return code(found)
    from ukport.cli.show import Screen

    with Screen(json=False, color=color) as screen:
        found = found or _compare(where, questions, store, screen.tell)
        screen.put(*table(found))
        return code(found)


def _compare(
    where: Path, questions: "tuple[Question, Question]", store: "Cache", tell: "Tell"
) -> "Difference":
    from ukport.workflow.difference import diff

    return diff(where, questions, store, tell)


def _ask(where: Path, question: "Question", store: "Cache", tell: "Tell") -> "Symbols":
    from ukport.workflow.symbols import symbols as run

    return run(where, question, store, tell)


def _quiet(_event: object) -> None:
    """Nothing but the document is printed."""
