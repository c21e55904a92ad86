"""Carry a series in which a person has decided about some patches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ukport.git.repository import Repository
from ukport.git.worktree import Sides
from ukport.series.apply import apply, touched
from ukport.series.content import load
from ukport.series.depend import dependencies, standing
from ukport.series.outcome import Outcome, PatchResult, Rebase, Start
from ukport.series.patch import Patch
from ukport.series.rebase import rebase


@dataclass(frozen=True)
class Decision:
    """What is to become of a patch: the patch for the new tree, or None to leave it out."""

    patch: Patch | None
    how: str


@dataclass(frozen=True)
class Standing:
    """The first patch that needs a decision, and the three trees that meet there."""

    result: PatchResult
    patch: Patch
    sides: Sides


@dataclass(frozen=True)
class Carry:
    """A series as far as it could be carried; ``standing`` where a person has to decide."""

    rebase: Rebase
    standing: Standing | None


def carry(
    repo: Repository,
    series: Sequence[Patch],
    old: str,
    new: str,
    *,
    scratch: Path,
    decisions: Mapping[str, Decision],
) -> Carry:
    """As ``rebase``, with ``decisions`` by the name of the patch, up to the first open one.

    Raises ConflictError where a decided patch does not apply, PatchError for an unreadable one.
    """
    return carry_parts(repo, [(series, old)], new, scratch=scratch, decisions=decisions)[0]


def carry_parts(
    repo: Repository,
    parts: Sequence[tuple[Sequence[Patch], str]],
    new: str,
    *,
    scratch: Path,
    decisions: Mapping[str, Decision],
) -> tuple[Carry, ...]:
    """Several series on top of each other, each from the tree that it was written for.

    Up to the first that stands: there may be fewer results than ``parts``.
    """
    bench = _Bench(repo, scratch)
    done: list[Carry] = []
    tree = new
    for series, old in parts:
        # History and tags are upstream's, whatever was decided on the way.
        start = Start(repo, series, old, new)
        done.append(_carry(bench, start, tree, decisions))
        tree = done[-1].rebase.tree
        if done[-1].standing:
            break
    return tuple(done)


def _carry(bench: "_Bench", start: Start, new: str, decisions: Mapping[str, Decision]) -> Carry:
    series, old = start.series, start.old
    results: list[PatchResult] = []
    landed: list[Patch] = []
    rest = list(series)
    begin = old
    while True:
        decided = next((i for i, patch in enumerate(rest) if patch.name in decisions), len(rest))
        part = bench.rebase(rest[:decided], old, new, start)
        still = [r.outcome in (Outcome.CONFLICT, Outcome.PARTIAL) for r in part.results]
        if True in still:
            at = still.index(True)
            done = Rebase((*results, *part.results[: at + 1]), tuple(landed), part.tree, bench.repo)
            tried = (*results, *part.results[: at + 1])
            told = _with_depends(bench.repo, series, begin, rest[at], tried)
            return Carry(done, _standing(bench, rest, at, (old, new), start, told))
        results += part.results
        landed += part.series
        new = part.tree
        if decided == len(rest):
            return Carry(Rebase(tuple(results), tuple(landed), new, bench.repo), None)
        patch, decision = rest[decided], decisions[rest[decided].name]
        old = bench.apply(rest[: decided + 1], old)
        if decision.patch is not None:
            new = bench.apply([decision.patch], new)
            landed.append(decision.patch)
        outcome = Outcome.ADJUSTED if decision.patch else Outcome.SKIPPED
        results.append(PatchResult(patch.name, outcome, decision.patch, (), decision.how))
        rest = rest[decided + 1 :]


def _with_depends(
    repo: Repository,
    series: Sequence[Patch],
    old: str,
    patch: Patch,
    results: Sequence[PatchResult],
) -> PatchResult:
    """Ask again which patches one stands on: what a person decided about is in no part's series."""
    with repo.reader() as reader:
        files = load(reader, reader.tree(old), touched(series))
    earlier = series[: series.index(patch)]
    names = dependencies(files, earlier, patch, results[-1])
    return results[-1]._replace(depends=standing(names, results))


def _standing(
    bench: "_Bench",
    series: Sequence[Patch],
    at: int,
    ends: tuple[str, str],
    start: Start,
    result: PatchResult,
) -> Standing:
    base = bench.apply(series[:at], ends[0])
    theirs = bench.apply(series[: at + 1], ends[0])
    ours = bench.rebase(series[:at], *ends, start).tree
    return Standing(result, series[at], Sides(bench.repo, base, theirs, ours))


class _Bench:
    """One repository in which every step finds the trees that the steps before it made."""

    def __init__(self, upstream: Repository, folder: Path) -> None:
        self._folder = folder
        self._steps = 0
        self.repo = upstream.scratch(folder / "all")

    def rebase(self, series: Sequence[Patch], old: str, new: str, start: Start) -> Rebase:
        done = rebase(self.repo, series, old, new, scratch=self._next(), start=start)
        self._absorb()
        return done

    def apply(self, series: Sequence[Patch], tree: str) -> str:
        made = apply(self.repo, series, tree, scratch=self._next())
        self._absorb()
        return made

    def _next(self) -> Path:
        self._steps += 1
        return self._folder / str(self._steps)

    def _absorb(self) -> None:
        """git follows only a few alternates of alternates, so objects are taken over instead."""
        made = self._folder / str(self._steps) / "objects"
        for path in made.rglob("*"):
            inside = path.relative_to(made)
            target = self.repo.objects / inside
            if path.is_file() and inside.parts[0] != "info" and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
