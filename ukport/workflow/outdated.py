"""``ukport outdated``: how far each recipe is behind its upstream, with dates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ukport.git.repository import Repository
from ukport.recipe import load, names
from ukport.source import Cache, Version, known_versions
from ukport.source.versions import NoSuchVersionError, resolve


@dataclass(frozen=True)
class Behind:
    """A recipe against its upstream; ``line`` is the newest of its own major.minor.

    ``behind`` counts the finished releases after the recipe's, in upstream's order of versions.
    Dates are those of the commits, ``YYYY-MM-DD``.
    """

    recipe: str
    version: str
    date: str
    line: str
    line_date: str
    latest: str
    latest_date: str
    behind: int


def outdated(project: Path, wanted: Sequence[str], cache: Cache) -> tuple[Behind, ...]:
    """Every recipe, or those that are named; raises RecipeError, FetchError."""
    return tuple(_behind(project, name, cache) for name in wanted or names(project))


def _behind(project: Path, name: str, cache: Cache) -> Behind:
    recipe = load(project, name)
    known = known_versions(recipe.upstream, cache, fresh=not cache.offline)
    here = Version.parse(recipe.version)
    latest = _resolved("latest", known, here)
    line = _resolved(".".join(str(part) for part in here.numbers[:2]), known, here)
    later = [v for v in known if v > here and not v.prerelease and not v.unusual]
    repository = cache.repository(recipe.upstream.name, recipe.upstream.url)
    dates = [_date(repository, known.get(version, "")) for version in (here, line, latest)]
    return Behind(
        recipe=name,
        version=str(here),
        date=dates[0],
        line=str(line),
        line_date=dates[1],
        latest=str(latest),
        latest_date=dates[2],
        behind=len(later),
    )


def _resolved(request: str, known: Mapping[Version, str], here: Version) -> Version:
    try:
        return resolve(request, known)
    except NoSuchVersionError:
        return here


def _date(repository: Repository, tag: str) -> str:
    if not tag:
        return ""
    ref = f"refs/tags/{tag}"
    return repository.git(["log", "-1", "--format=%cs", ref, "--"]).text.strip()
