"""``ukport lint``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Form, Json, Offline, Place, Upstream
from ukport.cli.places import cache


def lint(
    place: Place,
    beside: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="URL[@REV]", help="A library whose options exist, too."),
    ] = None,
    upstream: Upstream = None,
    form: Form = "table",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Find what is wrong with an external library: file, line, rule and cure."""
    from ukport.cli.findings import check, show
    from ukport.glue import rules
    from ukport.source.named import Named
    from ukport.workflow import lint as work
    from ukport.workflow.library import read
    from ukport.workflow.surroundings import around

    check(form)
    store = cache(offline=offline)
    found = work.check(
        read(place, directory, store),
        around(directory.absolute()),
        store,
        beside=[Named.parse(text) for text in beside or ()],
        upstream=Named.parse(upstream) if upstream else None,
    )
    return show(found, rules.ALL, "json" if json else form, color)
