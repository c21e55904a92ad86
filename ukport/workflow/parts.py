"""The series that upstream gets at one version: the backend's, and a cure for each fault."""

from dataclasses import dataclass
from pathlib import Path

from ukport.recipe import Backend, Cure, Recipe
from ukport.series.patch import Patch
from ukport.series.series import SeriesError, read_series
from ukport.source import Cache, Source, Sources, find_exact


@dataclass(frozen=True)
class Part:
    """A series, its folder below ``patches/``, and the commit that it applies to."""

    folder: str
    base: str
    series: tuple[Patch, ...]


def upstream_parts(
    patches: Path, recipe: Recipe, backend: Backend, found: Sources, cache: Cache
) -> list[Part]:
    """The backend's series, or the published one in its place, and the cures that are needed."""
    repository = found.upstream.repository

    def part(folder: str, base: str, series: tuple[Patch, ...] | None) -> Part:
        _, tag = find_exact(recipe, base, cache)
        return Part(folder, repository.resolve(tag), series or read_series(patches / folder))

    taken = _published(patches, recipe, backend, found)
    own = [part(backend.series, backend.base, taken)] if backend.series else []
    return own + [part(cure.series, cure.base, None) for cure in needed(recipe, found.upstream)]


def needed(recipe: Recipe, source: Source) -> list[Cure]:
    """The cures whose code upstream has in this release."""
    if not recipe.cures:
        return []
    tree = source.repository.tree(source.commit)
    files = frozenset(source.repository.list(tree))
    wanted = {cure.where.file for cure in recipe.cures} & files
    texts = {file: source.repository.read(tree, file) for file in wanted}
    return [
        cure
        for cure in recipe.cures
        if cure.where.text.encode() in texts.get(cure.where.file, b"").replace(b"\r\n", b"\n")
    ]


def _published(
    patches: Path, recipe: Recipe, backend: Backend, found: Sources
) -> tuple[Patch, ...] | None:
    """The published library's series, as long as the project has none of its own."""
    place = recipe.published
    if place is None or backend.series is None or (patches / backend.series).is_dir():
        return None
    source = found.pinned[place.name]
    start = f"{place.patches}/"
    names = [path for path in source.repository.list(source.commit) if path.startswith(start)]
    if not names:
        raise SeriesError(
            f"{place.url} has no patches in {place.patches} at {place.pin}",
            "correct published.patches in the recipe",
        )
    return tuple(
        Patch(path.removeprefix(start), source.repository.read(source.commit, path))
        for path in names
    )
