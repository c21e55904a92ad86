"""``ukport rebase``."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Json


def rebase(
    series: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder with a series file or NNNN-*.patch.")
    ],
    old: Annotated[
        str, typer.Option(metavar="OLD", help="What it is for: folder, archive or REPO@REV.")
    ],
    new: Annotated[str, typer.Option(metavar="NEW", help="Where to: folder, archive or REPO@REV.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder for the carried series.")],
    history: Annotated[
        Path | None,
        typer.Option(metavar="REPO", help="Upstream's repository, to see what landed there."),
    ] = None,
    range_diff: Annotated[
        Path | None,
        typer.Option("--range-diff", metavar="FILE", help="Compare both series; .md: Markdown."),
    ] = None,
    json: Json = False,
) -> int:
    """Carry any series of patches to another version; exit 3 where a person has to decide."""
    # Nothing here makes rings of objects, and to look for them takes a tenth of the time.
    gc.disable()
    from ukport.workflow.rebase import rebase_series

    report = rebase_series(series, old, new, out, history=history, review=range_diff)
    if json:
        from json import dumps

        typer.echo(dumps(report.document(), ensure_ascii=False))
    else:
        typer.echo(report.text())
    return report.exit_code
