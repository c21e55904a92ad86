"""``ukport release``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import Color, Directory, Json, Name, Offline
from ukport.cli.places import cache, project


def release(
    name: Name,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="VERSION", help="The release before, for the change log."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to; dist/RECIPE-VERSION.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make everything, and write nothing.")
    ] = False,
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Prepare a release: branches, texts, sums, bill of materials. Nothing is pushed."""
    from ukport.cli.show import Screen, near
    from ukport.workflow.release import Release

    with Screen(json=json, color=color) as screen:
        work = Release(project(directory), cache(offline=offline), screen.tell)
        target = directory.absolute() / out if out else None
        done = work.prepare(name, since=since, out=target, dry_run=dry_run)
        rows = [(file,) for file in done.files]
        code = screen.finish_rows(
            "release", [done], rows, near(done.folder) if done.folder else "would be written"
        )
        for line in done.checked:
            screen.note(f"checkpatch.uk: {line}")
        screen.note(f"{name} {done.version}: {done.verdict}; nothing was pushed")
        return code
