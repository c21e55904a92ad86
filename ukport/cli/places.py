"""Where a command works: the project around it, and the user's cache."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ukport.source import Cache


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
