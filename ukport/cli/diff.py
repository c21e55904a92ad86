"""``ukport diff``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.dev import Of, Tree
from ukport.cli.options import Directory, Name, Offline
from ukport.cli.places import cache, project


def diff(
    name: Name,
    tree: Tree = None,
    version: Of = None,
    stat: Annotated[bool, typer.Option("--stat", help="Files and counts only.")] = False,
    work: Annotated[
        bool, typer.Option("--work", help="The open work tree's commits against the series.")
    ] = False,
    offline: Offline = False,
    directory: Directory = Path(),
) -> int:
    """Show what a series changes in its tree, as one diff."""
    from ukport.workflow.develop import Workbench

    bench = Workbench(project(directory), cache(offline=offline))
    series = bench.choose(name, tree, version)
    told = bench.compare(series).encode() if work else bench.diff(series, stat=stat)
    sys.stdout.flush()
    sys.stdout.buffer.write(told)
    return 0
