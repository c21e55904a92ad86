"""``ukport matrix``."""

from pathlib import Path
from typing import Annotated

import typer

from ukport.cli.options import (
    Arch,
    Color,
    Config,
    Directory,
    Json,
    Memory,
    Name,
    Offline,
    OtherAllocator,
    Versions,
    filters,
)
from ukport.cli.places import cache, project
from ukport.errors import ExitCode, UsageError


def matrix(
    name: Name,
    version: Versions = None,
    arch: Arch = None,
    config: Config = None,
    allocator: OtherAllocator = None,
    memory: Memory = None,
    github: Annotated[
        bool, typer.Option("--github", help="The jobs as strategy.matrix of GitHub Actions.")
    ] = False,
    gitlab: Annotated[
        bool, typer.Option("--gitlab", help="The jobs as a pipeline of GitLab CI.")
    ] = False,
    shards: Annotated[
        int,
        typer.Option("--shards", metavar="N", min=0, max=200, help="How many jobs; 0: many."),
    ] = 0,
    json: Json = False,
    offline: Offline = False,
    color: Color = "auto",
    directory: Directory = Path(),
) -> int:
    """The cells of a recipe's matrix, or the jobs of a CI that runs them; nothing is built."""
    from ukport.cli.show import Screen
    from ukport.report import ci
    from ukport.workflow.matrix import Order, planned

    if github and gitlab:
        raise UsageError("--github and --gitlab are two things", "give one of them")
    order = Order(tuple(version or ()), filters(allocator, config, arch, memory))
    screen = Screen(json=json, color=color)
    axes, cells = planned(project(directory), name, cache(offline=offline), order)
    jobs = ci.jobs(axes, cells, order.versions, order.filters, shards)
    if github or gitlab:
        typer.echo(ci.github(jobs) if github else ci.gitlab(jobs))
        return ExitCode.OK
    return screen.finish_jobs(jobs)
