"""``ukport glue``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Name, Offline
from ukport.cli.places import cache, project

if TYPE_CHECKING:
    from ukport.workflow.glue import Glue


def glue(
    name: Name,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="VERSION", help="Another than the recipe's own."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Prove it by symbols and options.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="From the project's to what is made.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write it into the project.")] = False,
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Make a recipe's Makefile.uk, Config.uk, Library.uk and exportsyms.uk, and print them."""
    from ukport.cli.show import Screen
    from ukport.errors import ExitCode, UsageError
    from ukport.workflow import glue as work

    if check + diff + write > 1:
        raise UsageError("--check, --diff and --write: one at a time", "run them one by one")
    where, store = project(directory), cache(offline=offline)
    if write:
        with Screen(json=json, color=color) as screen:
            written = work.write(where, name, version, store, lambda _event: None)
            return screen.finish_paths("written", written)
    with Screen(json=True, color=color) as quiet:
        if check:
            from ukport.cli.findings import show
            from ukport.glue import proof, rules

            found = work.check(where, name, version, store, quiet.tell)
            all_ = (*rules.ALL, *proof.ALL)
            return show(found, all_, "json" if json else "table", color)
        made = work.glue(where, name, version, store, quiet.tell)
    if diff:
        lines = "".join(made.diff())
        if not json:
            sys.stdout.write(lines)
        reasons = made.reasons()
        if reasons or json:
            from ukport.cli.findings import show
            from ukport.glue import compare

            show(reasons, compare.RULES, "json" if json else "table", color)
        return ExitCode.FINDINGS if lines else ExitCode.OK
    _put(made, json=json)
    return ExitCode.OK


def _put(made: "Glue", *, json: bool) -> None:
    if json:
        from json import dumps

        typer.echo(dumps({"schema": "ukport.glue/1", "files": dict(made.files)}, indent=2))
        return
    for file, text in made.files.items():
        typer.echo(f"==> {file} <==\n{text}")
