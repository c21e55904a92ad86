"""A port that runs on another port: Redis on mimalloc."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ukport.errors import UsageError
from ukport.recipe import load
from ukport.recipe import lock as locks
from ukport.source import Cache
from ukport.verify.matrix import Axes
from ukport.verify.workspace import Surroundings
from ukport.workflow.port import Made, Request, make
from ukport.workflow.stage import Stages


def on_allocator(
    made: Made,
    axes: Axes,
    allocator: str,
    project: Path,
    cache: Cache,
    stages: Stages,
    scratch: Path,
) -> Made:
    """``made`` with the port beside it that ``allocator`` names; as it is where that is none.

    Raises UsageError where the two stand on different trees.
    """
    name, version = axes.beside(allocator)
    if not name:
        return made
    recipe = load(project, name)
    lock = locks.read(project / "recipes" / name)
    request = Request(project, recipe, version or recipe.version, lock, stored=not version)
    other = make(request, cache, stages, scratch / "beside")
    for tree in _different(made.surroundings, other.surroundings):
        raise UsageError(
            f"{made.recipe.name} and {name} cannot be in one unikernel: their {tree} differs",
            "have both recipes name the same pin and series of it",
        )
    return replace(made, surroundings=replace(made.surroundings, ported=(other.library,)))


def _different(ours: Surroundings, theirs: Surroundings) -> Iterator[str]:
    """The trees that both have, and not alike; and what only the other has."""
    have = {tree.name: tree.tree for tree in (ours.core, *ours.libraries)}
    for tree in (theirs.core, *theirs.libraries):
        if have.get(tree.name) != tree.tree:
            yield tree.name
