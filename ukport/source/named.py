"""A repository that a user names on the command line."""

import re
from dataclasses import dataclass

from ukport import git
from ukport.errors import FetchError, UsageError
from ukport.recipe.pattern import NAME
from ukport.source.cache import Cache


@dataclass(frozen=True)
class Named:
    """A repository at a revision, as a user writes it: ``URL@REV``, or ``URL`` alone.

    An empty revision stands for what a clone would check out.
    """

    name: str
    url: str
    revision: str

    @classmethod
    def parse(cls, text: str) -> "Named":
        """Raises UsageError for what is no address."""
        url, at, revision = text.rpartition("@")
        if not at or ":" in revision or "/" not in url.partition("://")[2]:
            url, revision = text, ""
        name = url.rstrip("/").removesuffix(".git").rpartition("/")[2]
        if not re.match(r"(?:https|http|ssh|git|file)://", url) or not re.fullmatch(NAME, name):
            raise UsageError(f"{text!r} is not the address of a repository", "write URL or URL@REV")
        return cls(name, url, revision)


def open_named(named: Named, cache: Cache) -> tuple[git.Repository, str]:
    """Its copy in the cache, and the revision there; raises FetchError."""
    if named.revision:
        return cache.repository(named.name, named.url, need=named.revision), named.revision
    if cache.offline:
        repository = cache.repository(named.name, named.url)
        branches = ("main", "master", "staging", "stable")
        there = [b for b in branches if (repository.path / "refs" / "heads" / b).exists()]
        raise FetchError(
            f"{named.url}: which branch is meant cannot be asked offline",
            f"name it: {named.url}@{there[0] if there else 'BRANCH'}",
        )
    branch = git.default_branch(named.url)
    return cache.repository(named.name, named.url, need=branch, fresh=True), branch
