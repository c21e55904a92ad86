"""``ukport import``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Form, Json, Offline, Place, Upstream
from ukport.cli.places import cache


def import_(
    place: Place,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The recipe's, if not the library's.")
    ] = "",
    upstream: Upstream = None,
    form: Form = "table",
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Turn an existing external library into a recipe and a series, losing nothing."""
    import sys

    from ukport.cli.findings import check, show
    from ukport.errors import ExitCode
    from ukport.glue.importing import RULES
    from ukport.source.named import Named
    from ukport.workflow.importing import import_library
    from ukport.workflow.library import read
    from ukport.workflow.surroundings import around

    check(form)
    store = cache(offline=offline)
    done = import_library(
        read(place, directory, store),
        directory.absolute(),
        around(directory.absolute()),
        store,
        name=name,
        upstream=Named.parse(upstream) if upstream else None,
    )
    show(done.findings, RULES, "json" if json else form, color)
    told = f"{done.recipe} {done.version}: {len(done.written)} files written"
    sys.stderr.write(f"{told} to recipes/{done.recipe} and patches/{done.recipe}\n")
    return ExitCode.OK
