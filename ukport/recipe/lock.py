"""The lock file: exactly which sources a port was made and proven with."""

from pathlib import Path
from typing import Annotated

import msgspec

from ukport.recipe.error import RecipeError
from ukport.recipe.pattern import Strict

LOCK = "recipe.lock"
_HEADING = "# Made by ukport from recipe.toml; `ukport upgrade` rewrites it.\n"


class LockedTree(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A tree as it was fetched: the tag asked for, its commit, the archive and its sha256.

    ``tree`` is git's name of all its files, whatever they are packed in. ``taken`` is the mirror,
    bundle or archive that it came from, where it did not come from ``url``.
    """

    name: str
    url: str
    tag: str
    commit: str
    archive: str
    sha256: str
    tree: str = ""
    taken: str = ""


class Lock(Strict, frozen=True, kw_only=True):
    """All trees of one port."""

    schema: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
    version: str
    trees: tuple[LockedTree, ...]

    def tree(self, name: str, tag: str) -> LockedTree | None:
        """What is locked for ``name`` at ``tag``, if anything."""
        found = (tree for tree in self.trees if (tree.name, tree.tag) == (name, tag))
        return next(found, None)


def read(folder: Path) -> Lock | None:
    """The lock in a recipe's folder, or None; raises RecipeError where it is not one."""
    import tomllib

    path = folder / LOCK
    if not path.exists():
        return None
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Lock)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"{path}: not a lock file: {error}",
            "restore it from git, or delete it and run ukport fetch",
        ) from None


def dump(lock: Lock) -> str:
    """The lock as TOML, the same bytes for the same sources."""
    import tomlkit

    return _HEADING + tomlkit.dumps(msgspec.to_builtins(lock))
