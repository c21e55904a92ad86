"""``ukport upgrade``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ukport.cli.options import Accel, Bundle, Color, Directory, Json, Mirror, Offline, Qemu
from ukport.cli.places import cache, project
from ukport.errors import FetchError, UsageError

if TYPE_CHECKING:
    from ukport.cli.show import Screen


def upgrade(
    name: Annotated[
        str | None, typer.Argument(metavar="[RECIPE]", help="A folder of recipes/.")
    ] = None,
    to: Annotated[
        str,
        typer.Option("--to", metavar="VERSION", help="2.1 (the newest 2.1.x), 2.1.7, or latest."),
    ] = "latest",
    go_on: Annotated[
        bool, typer.Option("--continue", help="Take the resolved patch and carry on.")
    ] = False,
    skip: Annotated[
        bool, typer.Option("--skip", help="Leave the waiting patch out and carry on.")
    ] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Forget the waiting upgrade.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the last upgrade.")] = False,
    or_example: Annotated[
        bool,
        typer.Option(
            "--or-example",
            help="Where no source can be had, go the same path on the embedded example; exit 5.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything, but write nothing here.")
    ] = False,
    accel: Accel = "auto",
    qemu: Qemu = "",
    json: Json = False,
    offline: Offline = False,
    mirror: Mirror = None,
    bundle: Bundle = None,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """Carry a recipe to another upstream version: fetch, rebase, glue, build, boot, report."""
    from ukport.cli.show import Screen
    from ukport.source import ChecksumError
    from ukport.workflow.upgrade import Upgrade

    if sum((name is not None, go_on, skip, abort, undo)) != 1:
        raise UsageError(
            "expected either a recipe, or one of --continue, --skip, --abort and --undo",
            "ukport list shows the recipes, ukport status what is waiting",
        )
    with Screen(json=json, color=color) as screen:
        store = cache(offline=offline, mirror=mirror, bundle=bundle)
        work = Upgrade(project(directory), store, screen.tell, accel, dry_run, qemu)
        if abort:
            return screen.finish_paths("forgotten", [f"{work.abort().recipe}: nothing was changed"])
        if undo:
            return screen.finish_paths("undone", work.undo())
        if name is not None:
            try:
                return screen.finish(work.start(name, to))
            except FetchError as error:
                if not or_example or json or isinstance(error, ChecksumError):
                    raise
                _show_example(screen, name, accel)
                raise
        return screen.finish(work.skip() if skip else work.go_on())


def _show_example(screen: "Screen", name: str, accel: str) -> None:
    """The example's upgrade, in a folder of the cache that is made anew each time."""
    from shutil import rmtree

    from ukport.cli.narrate import Narrator
    from ukport.source import Cache, default_root
    from ukport.workflow.demo import instead, set_up

    cache = Cache(default_root())
    folder = cache.root / "example"
    with cache.lock("example"):
        rmtree(folder, ignore_errors=True)
        instead(set_up(folder, cache, Narrator(screen, screen.out), accel), name)
