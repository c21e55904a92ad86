"""The one place that talks to git (2.39 and later).

Object work runs with every setting that changes output or bytes pinned, whatever the user's
configuration says; only what goes over the network honours it.
"""

from ukport.git.command import GitError, run
from ukport.git.mirror import default_branch, fetch, mirror
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
    "fetch",
    "mirror",
    "run",
]
