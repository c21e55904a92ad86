"""``ukport check``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json


def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE…]", help="Patches, recipes, or folders; all where none is."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is mechanical, only that.")] = False,
    only: Annotated[
        str,
        typer.Option("--only", metavar="KINDS", help="Of: patches,recipes,glue."),
    ] = "patches,recipes,glue",
    select: Annotated[
        str | None,
        typer.Option("--select", metavar="RULES", help="Only these, or those that begin so."),
    ] = None,
    ignore: Annotated[
        str | None, typer.Option("--ignore", metavar="RULES", help="Not these rules.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="TREE", help="Try patches on a folder, archive, REPO@REV."
        ),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and stop.")] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORM", help="table, text, json, sarif or github."),
    ] = None,
    json: Json = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Check patches, recipes and glue before a commit, without the network."""
    from ukport.cli import hook

    asked = hook.Asked(
        files=files or (),
        fix=fix,
        only=only,
        select=select,
        ignore=ignore,
        against=against,
        form="json" if json and form is None else form,
        color=color,
        directory=directory,
    )
    return hook.rules() if rules else hook.check(asked)
