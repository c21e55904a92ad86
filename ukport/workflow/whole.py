"""A port that is a published library itself: its own files, as our series leaves them."""

import re
from collections.abc import Mapping

from ukport.recipe import Recipe
from ukport.source import Sources
from ukport.verify.workspace import Library, PatchedTree
from ukport.workflow.carry import Carried

_DEFINE = re.compile(r"^#[ \t]*define[ \t]+(\w+)[ \t]+([^\n]*?)[ \t]*(?:/\*[^\n]*)?$", re.MULTILINE)


def is_whole(recipe: Recipe) -> bool:
    """Whether nothing is generated for it."""
    return recipe.published is not None and recipe.published.whole


def library(recipe: Recipe, found: Sources, carried: Mapping[str, Carried]) -> Library | None:
    """The published library, and the archive that it fetches; None where the port is generated."""
    published = recipe.published
    if published is None or not published.whole or published.origin is None:
        return None
    return Library(
        name=published.name,
        library=recipe.glue.library,
        files=_files(carried[published.name].patched),
        archive=found.pinned[published.origin.name].archive,
    )


def _files(tree: PatchedTree) -> Mapping[str, bytes]:
    names = tree.repository.list(tree.tree)
    return {name: tree.repository.read(tree.tree, name) for name in names}


def macros(recipe: Recipe, found: Sources) -> Mapping[str, str]:
    """What the recipe's headers define, as the archive has them.

    As their text says: they include what is made, or lies, in the published library.
    """
    published = recipe.published
    there: dict[str, str] = {}
    if published and published.origin:
        source = found.pinned[published.origin.name]
        for folder in recipe.glue.includes:
            for header in recipe.glue.headers:
                raw = source.repository.read(source.commit, f"{folder}/{header}")
                text = raw.decode("utf-8", "replace").replace("\\\n", " ")
                there |= dict(_DEFINE.findall(text))
    return there


def origin(recipe: Recipe, ordinary: str) -> str:
    """The folder of upstream's sources in the build."""
    published = recipe.published
    return (
        published.origin.folder if published and published.whole and published.origin else ordinary
    )
