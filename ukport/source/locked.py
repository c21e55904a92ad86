"""What a recipe wants, and what was fetched, against the lock."""

from dataclasses import dataclass

from ukport.recipe.lock import Lock, LockedTree
from ukport.source.cache import ChecksumError

_TRUST = "restore recipe.lock from git; or, if you trust what is there now, delete it and run"


@dataclass(frozen=True)
class Wanted:
    """A tree as the recipe names it, before it is fetched."""

    name: str
    url: str
    tag: str
    archive: str
    folder: str


def agree(recipe: str, wanted: Wanted, lock: Lock) -> None:
    """Whether the lock has this very tree; raises ChecksumError, before anything is fetched."""
    hint = (
        f"run ukport upgrade {recipe} --to {lock.version} to move the lock,"
        " or restore recipe.toml and recipe.lock from git"
    )
    found = next((tree for tree in lock.trees if tree.name == wanted.name), None)
    if found is None:
        raise ChecksumError(
            f"{recipe}: the recipe has {wanted.name} at {wanted.tag}, the lock has no such tree",
            hint,
        )
    for what, ours, theirs in (
        ("pin", wanted.tag, found.tag),
        ("address", wanted.url, found.url),
    ):
        if ours != theirs:
            raise ChecksumError(
                f"{recipe}: the recipe's {what} of {wanted.name} is {ours}, the lock has {theirs}",
                hint,
            )


def check(recipe: str, fetched: LockedTree, where: str, lock: Lock) -> None:
    """Whether what was fetched is what is locked at that tag, if anything; or ChecksumError.

    ``where`` is the archive's folder in the cache.
    """
    locked = lock.tree(fetched.name, fetched.tag)
    if locked is None or (fetched.taken and locked.tree == fetched.tree):
        return  # in another wrapping, from elsewhere: the very same files
    if locked.commit != fetched.commit:
        raise ChecksumError(
            f"{fetched.name}: {fetched.tag} of {fetched.url} is not the commit in the lock\n"
            f"  locked  {locked.commit}\n  fetched {fetched.commit}",
            f"upstream moved the tag: look at the difference, then {_TRUST} ukport fetch {recipe}",
        )
    if locked.sha256 != fetched.sha256:
        raise ChecksumError(
            f"{fetched.name}: {fetched.archive} differs from the lock\n"
            f"  locked  {locked.sha256}\n  fetched {fetched.sha256}",
            f"delete {where} and fetch again; if it stays so, {_TRUST} ukport fetch {recipe}",
        )
