"""The one place that talks to git (2.39 and later).

Object work runs with every setting that changes output or bytes pinned, whatever the user's
configuration says; only what goes over the network honours it. Names are loaded when they are
asked for.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ukport.git.command import GitError, run
    from ukport.git.mirror import default_branch
    from ukport.git.objects import Entry, Object, Reader
    from ukport.git.repository import Repository, create

__all__ = [
    "Entry",
    "GitError",
    "Object",
    "Reader",
    "Repository",
    "create",
    "default_branch",
    "run",
]
_HOMES = {
    "Entry": "objects",
    "GitError": "command",
    "Object": "objects",
    "Reader": "objects",
    "Repository": "repository",
    "create": "repository",
    "default_branch": "mirror",
    "run": "command",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
