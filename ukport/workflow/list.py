"""``ukport list``: the recipes of a project."""

from dataclasses import dataclass
from pathlib import Path

from ukport.recipe import load, names


@dataclass(frozen=True)
class Listed:
    """One recipe in a line."""

    name: str
    version: str
    upstream: str
    core: str
    backends: tuple[str, ...]


def recipes(project: Path) -> tuple[Listed, ...]:
    """Every recipe, sorted by name; raises RecipeError for the first that cannot be read."""
    return tuple(
        Listed(
            name=recipe.name,
            version=recipe.version,
            upstream=recipe.upstream.url,
            core=f"{recipe.core.name} {recipe.core.pin}",
            backends=tuple(f"{b.name}: {' or '.join(b.versions)}" for b in recipe.backends),
        )
        for recipe in (load(project, name) for name in names(project))
    )
