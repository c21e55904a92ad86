"""Every series of a recipe carried to the trees of one version."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.errors import ConflictError
from ukport.recipe import Backend, Recipe
from ukport.report import conflict
from ukport.series.decide import Decision, Standing, carry
from ukport.series.outcome import PatchResult
from ukport.series.patch import Patch
from ukport.series.series import SeriesError, read_series
from ukport.source import Source, Sources
from ukport.verify.workspace import PatchedTree


class Decided(msgspec.Struct, frozen=True):
    """A person's decision about one patch of a tree; ``raw`` is None where it is left out."""

    tree: str
    name: str
    raw: bytes | None
    how: str


@dataclass(frozen=True)
class Carried:
    """A tree's series on the version at hand; ``folder`` is below ``patches/``."""

    tree: str
    folder: str
    results: tuple[PatchResult, ...]
    series: tuple[Patch, ...]
    patched: PatchedTree


class StandingError(ConflictError):
    """A patch does not fit, and nobody has decided about it yet."""

    def __init__(self, tree: str, folder: str, standing: Standing) -> None:
        self.tree = tree
        self.folder = folder
        self.standing = standing
        super().__init__(
            f"{folder}/{standing.patch.name} does not fit:\n{conflict.describe(standing.result)}",
            f"rewrite the patch in patches/{folder}, or let ukport upgrade lay the conflict out;"
            " recipes/ and patches/ are as they were",
        )


def carry_all(
    patches: Path,
    recipe: Recipe,
    backend: Backend,
    found: Sources,
    base: str,
    scratch: Path,
    decided: Sequence[Decided],
) -> tuple[Carried, ...]:
    """The upstream's series from the commit ``base``, and those of the pinned trees.

    Raises StandingError with the first patch that does not fit.
    """

    def one(
        source: Source, folder: str | None, old: str, series: tuple[Patch, ...] | None = None
    ) -> Carried:
        if folder is None:
            plain = PatchedTree(
                source.name, source.repository, source.repository.tree(source.commit)
            )
            return Carried(source.name, "", (), (), plain)
        series = series or read_series(patches / folder)
        decisions = _decisions(decided, source.name)
        return _carry(series, folder, source, old, scratch, decisions)

    own = _published(patches, recipe, backend, found)
    pinned = [(found.pinned[tree.name], tree.series) for tree in recipe.pinned]
    upstream = one(found.upstream, backend.series, base, own)
    return (upstream, *(one(source, folder, source.commit) for source, folder in pinned))


def _published(
    patches: Path, recipe: Recipe, backend: Backend, found: Sources
) -> tuple[Patch, ...] | None:
    """The published library's series, as long as the project has none of its own."""
    published = recipe.published
    if published is None or backend.series is None or (patches / backend.series).is_dir():
        return None
    source = found.pinned[published.name]
    start = f"{published.patches}/"
    names = [path for path in source.repository.list(source.commit) if path.startswith(start)]
    if not names:
        raise SeriesError(
            f"{published.url} has no patches in {published.patches} at {published.pin}",
            "correct published.patches in the recipe",
        )
    return tuple(
        Patch(path.removeprefix(start), source.repository.read(source.commit, path))
        for path in names
    )


def _decisions(decided: Sequence[Decided], tree: str) -> Mapping[str, Decision]:
    return {
        one.name: Decision(Patch(one.name, one.raw) if one.raw is not None else None, one.how)
        for one in decided
        if one.tree == tree
    }


def _carry(
    series: Sequence[Patch],
    folder: str,
    source: Source,
    old: str,
    scratch: Path,
    decisions: Mapping[str, Decision],
) -> Carried:
    done = carry(
        source.repository,
        series,
        old,
        source.commit,
        scratch=scratch / source.name,
        decisions=decisions,
    )
    if done.standing is not None:
        raise StandingError(source.name, folder, done.standing)
    carried = done.rebase
    patched = PatchedTree(source.name, carried.repo, carried.tree)
    return Carried(source.name, folder, carried.results, carried.series, patched)


def summary(carried: Sequence[Carried]) -> str:
    """``mimalloc 1 patch, unikraft 2: all unchanged, no fuzz``."""
    counts = [(one.tree, len(one.results)) for one in carried if one.folder]
    words = [
        f"{tree} {n}" + (" patch" + "es" * (n != 1)) * (not i) for i, (tree, n) in enumerate(counts)
    ]
    outcomes = Counter(result.outcome for one in carried for result in one.results)
    changed = [f"{n} {outcome}" for outcome, n in outcomes.items() if outcome != "unchanged"]
    return f"{', '.join(words)}: {', '.join(changed) or 'all unchanged'}, no fuzz"
