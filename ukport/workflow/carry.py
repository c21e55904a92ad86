"""Every series of a recipe carried to the trees of one version."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.errors import ConflictError
from ukport.recipe import Recipe
from ukport.report import conflict
from ukport.series.decide import Decision, Standing, carry_parts
from ukport.series.outcome import PatchResult, Rebase
from ukport.series.patch import Patch
from ukport.series.series import read_series
from ukport.source import Source, Sources
from ukport.verify.workspace import PatchedTree
from ukport.workflow.parts import Part


class Decided(msgspec.Struct, frozen=True):
    """A person's decision about one patch of a tree; ``raw`` is None where it is left out."""

    tree: str
    name: str
    raw: bytes | None
    how: str


@dataclass(frozen=True)
class Move:
    """One part of it, as it was and as it is, and the commit or tree that it was carried to."""

    part: Part
    rebase: Rebase
    goal: str


@dataclass(frozen=True)
class Carried:
    """A tree's series on the version at hand; ``parts`` by their folders below ``patches/``."""

    tree: str
    results: tuple[PatchResult, ...]
    parts: Mapping[str, tuple[Patch, ...]]
    patched: PatchedTree
    moves: tuple[Move, ...] = ()

    @property
    def series(self) -> tuple[Patch, ...]:
        """All patches in their order; those of several folders are numbered through."""
        patches = [patch for part in self.parts.values() for patch in part]
        if len(self.parts) <= 1:
            return tuple(patches)
        return tuple(
            patch._replace(name=f"{at:04d}-{_NUMBER.sub('', patch.name)}")
            for at, patch in enumerate(patches, 1)
        )


_NUMBER = re.compile(r"^\d+-")


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
    found: Sources,
    upstream: Sequence[Part],
    scratch: Path,
    decided: Sequence[Decided],
) -> tuple[Carried, ...]:
    """The series of the upstream, which are ``upstream``, and those of the pinned trees.

    Raises StandingError with the first patch that does not fit.
    """

    def one(source: Source, parts: Sequence[Part]) -> Carried:
        return _carry(parts, source, scratch, _decisions(decided, source.name))

    def pinned_parts(folder: str | None, source: Source) -> list[Part]:
        return [Part(folder, source.commit, read_series(patches / folder))] if folder else []

    pinned = [(found.pinned[tree.name], tree.series) for tree in recipe.pinned]
    return (
        one(found.upstream, upstream),
        *(one(source, pinned_parts(folder, source)) for source, folder in pinned),
    )


def _decisions(decided: Sequence[Decided], tree: str) -> Mapping[str, Decision]:
    return {
        one.name: Decision(Patch(one.name, one.raw) if one.raw is not None else None, one.how)
        for one in decided
        if one.tree == tree
    }


def _carry(
    parts: Sequence[Part],
    source: Source,
    scratch: Path,
    decisions: Mapping[str, Decision],
) -> Carried:
    if not parts:
        tree = source.repository.tree(source.commit)
        return Carried(source.name, (), {}, PatchedTree(source.name, source.repository, tree))
    done = carry_parts(
        source.repository,
        [(part.series, part.base) for part in parts],
        source.commit,
        scratch=scratch / source.name,
        decisions=decisions,
    )
    if done[-1].standing is not None:
        raise StandingError(source.name, parts[len(done) - 1].folder, done[-1].standing)
    last = done[-1].rebase
    goals = (source.commit, *(one.rebase.tree for one in done))
    moves = [
        Move(part, one.rebase, goal) for part, one, goal in zip(parts, done, goals, strict=False)
    ]
    return Carried(
        source.name,
        tuple(result for move in moves for result in move.rebase.results),
        {move.part.folder: move.rebase.series for move in moves},
        PatchedTree(source.name, last.repo, last.tree),
        tuple(moves),
    )


def summary(carried: Sequence[Carried]) -> str:
    """``mimalloc 1 patch, unikraft 2: all unchanged, no fuzz``."""
    counts = [(one.tree, len(one.results)) for one in carried if one.parts]
    if not counts:
        return "no patches"
    words = [
        f"{tree} {n}" + (" patch" + "es" * (n != 1)) * (not i) for i, (tree, n) in enumerate(counts)
    ]
    outcomes = Counter(result.outcome for one in carried for result in one.results)
    changed = [f"{n} {outcome}" for outcome, n in outcomes.items() if outcome != "unchanged"]
    return f"{', '.join(words)}: {', '.join(changed) or 'all unchanged'}, no fuzz"
