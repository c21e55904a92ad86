"""``ukport symbols``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from ukport.cli.options import Color, Directory, Json, Name, Offline
from ukport.cli.places import cache, project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from ukport.source import Cache
    from ukport.symbols.difference import Difference
    from ukport.symbols.library import Symbols
    from ukport.workflow.answers import Pair, Question
    from ukport.workflow.events import Tell

T = TypeVar("T")
Told_contra = TypeVar("Told_contra", contravariant=True)


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
    from ukport.workflow.answers import Question

    where, store = project(directory), cache(offline=offline)
    question = Question(name, version, of, only)
    if diff is None:
        return _symbols(where, question, store, json=json, color=color)
    if of or only:
        from ukport.errors import UsageError

        raise UsageError("--diff is of the whole of the recipe's library", "drop --of and --only")
    return _diff(where, (question, Question(name, diff)), store, json=json, color=color)


def _symbols(where: Path, question: "Question", store: "Cache", *, json: bool, color: str) -> int:
    from ukport.report import symbols as report
    from ukport.workflow import answers

    def ask(tell: "Tell") -> "Symbols":
        from ukport.workflow import site

        found = site.symbols(where, question, store, tell)
        if found is not None:
            return found
        from ukport.workflow.symbols import symbols as anew

        return anew(where, question, store, tell)

    return _show(answers.known(where, question, store), ask, report, json=json, color=color)


def _diff(where: Path, questions: "Pair", store: "Cache", *, json: bool, color: str) -> int:
    from ukport.report import difference as report
    from ukport.workflow import answers

    def ask(tell: "Tell") -> "Difference":
        from ukport.workflow.difference import diff

        return diff(where, questions, store, tell)

    known = answers.known_difference(where, questions, store)
    return _show(known, ask, report, json=json, color=color)


class _Report(Protocol[Told_contra]):
    """How an answer is told: ``ukport.report.symbols`` is one."""

    def to_json(self, found: Told_contra, /) -> str: ...

    def code(self, found: Told_contra, /) -> int: ...

    def table(self, found: Told_contra, /) -> "Iterator[RenderableType]": ...


def _show(
    known: T | None, ask: "Callable[[Tell], T]", report: _Report[T], *, json: bool, color: str
) -> int:
    """The answer that is kept, or else asked for; a document needs no screen, which takes long."""
    if json:
        found = ask(lambda _event: None) if known is None else known
        typer.echo(report.to_json(found))
        return report.code(found)
    from ukport.cli.show import Screen

    with Screen(json=False, color=color) as screen:
        found = ask(screen.tell) if known is None else known
        screen.put(*report.table(found))
        return report.code(found)
