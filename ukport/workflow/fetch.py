"""``ukport fetch``: sources into the cache, checked; a lock where there was none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ukport.recipe import Lock, load
from ukport.recipe import lock as locks
from ukport.recipe import names as recipe_names
from ukport.recipe.lock import LOCK
from ukport.source import Cache, find_version
from ukport.source import fetch as fetch_sources
from ukport.workflow.events import Tell
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import commit, recover


@dataclass(frozen=True)
class Fetched:
    """What lies in the cache for one recipe; ``locked`` where this run wrote its lock."""

    recipe: str
    lock: Lock
    locked: bool


def fetch(
    project: Path, names: Sequence[str], version: str | None, cache: Cache, tell: Tell
) -> tuple[Fetched, ...]:
    """Fetch each recipe's sources at its own version or at ``version``; raises FetchError."""
    recover(project)
    stages = Stages(tell)
    return tuple(
        _one(project, name, version, cache, stages) for name in names or recipe_names(project)
    )


def _one(project: Path, name: str, version: str | None, cache: Cache, stages: Stages) -> Fetched:
    recipe = load(project, name)
    folder = project / "recipes" / name
    lock = locks.read(folder)
    with stages.stage("fetch", recipe.name) as said:
        wanted, tag = find_version(recipe, version or recipe.version, cache, stored=version is None)
        found = fetch_sources(recipe, wanted, tag, cache, lock).lock
        said.append(f"{name} {wanted}, {len(found.trees)} trees")
    missing = lock is None and str(wanted) == recipe.version
    if missing:
        commit(project, {f"recipes/{name}/{LOCK}": locks.dump(found).encode()})
    return Fetched(name, found, missing)
