"""``ukport bundle``: everything that upgrades of a recipe need, in one file."""

from dataclasses import dataclass
from pathlib import Path

from ukport.errors import UsageError
from ukport.recipe import Recipe, load
from ukport.source import Cache, find_version
from ukport.source.bundle import Manifest, write
from ukport.workflow.events import Tell
from ukport.workflow.stage import Stages


@dataclass(frozen=True)
class Bundled:
    """A bundle that was written; ``size`` in bytes, ``newest`` the newest release in it."""

    path: Path
    size: int
    newest: str
    manifest: Manifest


def bundle(project: Path, name: str, path: Path, cache: Cache, tell: Tell) -> Bundled:
    """Fetch every repository of a recipe, and write them to ``path``; FetchError, UkportError."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path} names no file in a folder that is there", "choose another -o")
    stages = Stages(tell)
    recipe = load(project, name)
    with stages.stage("fetch", recipe.name) as said:
        newest, _ = find_version(recipe, "latest", cache)
        wanted = _wanted(recipe)
        found = {
            url: cache.repository(tree, url, need=revisions)
            for url, (tree, revisions) in wanted.items()
        }
        said.append(f"{len(found)} repositories, newest release {newest}")
    with stages.stage("bundle", str(path)) as said:
        manifest = write(path.absolute(), recipe.name, found)
        size = path.stat().st_size
        said.append(f"{path}, {size / 1e6:.1f} MB")
    return Bundled(path, size, str(newest), manifest)


def _wanted(recipe: Recipe) -> dict[str, tuple[str, list[str]]]:
    """By address: a name, and the revisions that must be there."""
    upstream = recipe.upstream
    wanted: dict[str, tuple[str, list[str]]] = {upstream.url: (upstream.name, [])}
    for tree in recipe.pinned:
        wanted.setdefault(tree.url, (tree.name, []))[1].append(tree.pin)
        if tree.origin:
            origin = tree.origin
            wanted.setdefault(origin.url, (origin.name, []))[1].append(origin.pin)
    return wanted
