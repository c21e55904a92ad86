"""``ukport check``."""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json
from ukport.errors import UsageError


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
    # Nothing here makes rings of objects, and to look for them takes a tenth of the time.
    gc.disable()
    from ukport.cli.findings import check as check_form
    from ukport.cli.findings import show
    from ukport.cli.options import cache
    from ukport.workflow import check as work
    from ukport.workflow.checkrules import all_checks, names, settings, table

    shown = form or ("json" if json else "table" if sys.stdout.isatty() else "text")
    check_form(shown)
    if rules:
        sys.stdout.write(table())
        return 0
    kinds = _words(only)
    if unknown := set(kinds) - set(work.KINDS):
        raise UsageError(
            f"--only {', '.join(sorted(unknown))}: not known", "use patches, recipes, glue"
        )
    here = directory.absolute()
    request = work.Request(
        here=here,
        files=files or (),
        only=kinds,
        settings=settings(here, _words(select), _words(ignore)),
        known=names(),
        cache=lambda: cache(offline=True),
        against=against,
    )
    if fix and "patches" in kinds:
        from ukport.workflow.mend import fix as mend

        mended = mend(request)
        for path in mended.written:
            sys.stderr.write(f"mended {path.name}\n")
        for path, name in mended.renamed.items():
            sys.stderr.write(f"renamed {path.name} to {name}\n")
        request = mended.after(request)
    told = [one.rule for one in all_checks()] if shown == "sarif" else ()
    return show(work.check(request), told, shown, color)


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
