"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ukport.source import Cache

Name = Annotated[str, typer.Argument(metavar="RECIPE", help="A folder of recipes/.")]
Directory = Annotated[
    Path, typer.Option("-C", metavar="DIR", help="Work as if started in this folder.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Accel = Annotated[
    str,
    typer.Option("--accel", envvar="UKPORT_ACCEL", metavar="WHICH", help="auto, kvm or tcg."),
]
Offline = Annotated[
    bool, typer.Option("--offline", envvar="UKPORT_OFFLINE", help="Use only what is cached.")
]
Mirror = Annotated[
    list[str] | None,
    typer.Option(
        "--mirror",
        metavar="DIR",
        help="A folder of bare repositories, or another host, asked first (UKPORT_MIRROR).",
    ),
]
Bundle = Annotated[
    Path | None,
    typer.Option(
        "--bundle",
        envvar="UKPORT_BUNDLE",
        metavar="FILE",
        help="Take every source from this file, made by ukport bundle; no network.",
    ),
]
Color = Annotated[
    str,
    typer.Option("--color", metavar="WHEN", help="auto, always or never; NO_COLOR is respected."),
]


def project(start: Path) -> Path:
    """The ports repository around ``start``."""
    from ukport.recipe import find_project

    return find_project(start.absolute())


def cache(*, offline: bool, mirror: list[str] | None = None, bundle: Path | None = None) -> "Cache":
    """The user's cache, and where it takes sources from; raises UsageError, FetchError."""
    from ukport.source import Cache, default_root
    from ukport.source.mirrors import configured

    root = default_root()
    if bundle is None:
        return Cache(root, offline, configured(tuple(mirror or ())))
    from ukport.source.bundle import mirrors

    return Cache(root, offline, mirrors(bundle, root))
