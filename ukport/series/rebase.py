"""Carry a series from one upstream version to another.

Every patch is tried. The old tree with the patches so far and the new one move side by side; what
upstream changed between them is read from git once, and everything else happens in memory. A
conflict is a value: later patches are tried without the one that did not land.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from ukport.git.difference import differences
from ukport.git.repository import Repository
from ukport.git.write import write_tree
from ukport.series.apply import touched
from ukport.series.content import changes
from ukport.series.fileplan import FilePlan, plan_file
from ukport.series.ledger import Ledger, consult, open_ledger, upstreamed
from ukport.series.likeness import tree_evidence
from ukport.series.outcome import (
    Evidence,
    Fate,
    HunkResult,
    Outcome,
    PatchResult,
    Rebase,
    Start,
    Way,
)
from ukport.series.patch import Patch
from ukport.series.render import reject, render
from ukport.series.state import State, open_state

__all__ = [
    "Evidence",
    "Fate",
    "HunkResult",
    "Outcome",
    "PatchResult",
    "Rebase",
    "rebase",
]


_UNFINISHED = (Outcome.PARTIAL, Outcome.CONFLICT)


def rebase(
    repo: Repository,
    series: Sequence[Patch],
    old: str,
    new: str,
    *,
    scratch: Path | None = None,
    history: bool = True,
    start: Start | None = None,
) -> Rebase:
    """Carry ``series`` from ``old`` to ``new`` (commits or trees of ``repo``).

    The new tree is written to a repository in ``scratch``, and not at all without one; ``repo`` is
    only read. With ``history`` the commits from old to new are asked which of them hold the patches
    already; where these two are trees made on the way, ``start`` names the commits. Raises
    PatchError for a patch that cannot be read; a patch that does not fit is a result.
    """
    # Both gits are started before the first is asked: one gets ready while the other compares.
    with repo.reader() as reader:
        paths = touched(series)
        # The folders at the top, not the files alone: what a patch brings may have moved nearby.
        compared = differences(repo, old, new, sorted({path.split("/", 1)[0] for path in paths}))
        with ExitStack() as stack:
            stack.enter_context(closing(compared.job))
            trees = (reader.tree(old), reader.tree(new))
            start = start or Start(repo, series, old, new)
            ends = (reader.commit(start.old), reader.commit(start.new)) if history else ("", "")
            ledger = stack.enter_context(open_ledger(start.repo, ends, compared, sorted(paths)))
            state = open_state(repo, reader, trees, paths, compared)
            way = Way(repo, trees, start._replace(old=ends[0], new=ends[1]))
            results, state = _carry_all(series, state, ledger, way)
    landed = tuple(
        result.output
        for result in results
        if result.output and result.outcome in (Outcome.UNCHANGED, Outcome.ADJUSTED)
    )
    if scratch is None:
        return Rebase(tuple(results), landed, "", repo)
    target = repo.scratch(scratch)
    tree = write_tree(target, trees[1], changes(state.base, state.new))
    return Rebase(tuple(results), landed, tree, target)


def _carry_all(
    series: Sequence[Patch], state: State, ledger: Ledger | None, way: Way
) -> tuple[list[PatchResult], State]:
    results: list[PatchResult] = []
    detours = None
    for at, patch in enumerate(series):
        result, plans, state = _carry_patch(patch, state, ledger)
        if result.outcome in _UNFINISHED:
            # Imported here: a series that lands needs none of it.
            from ukport.series.detour import Detours

            detours = detours or Detours(way, series, rebase)
            result = detours.settle(result, plans, state, at, results)
        results.append(result)
    return results, state


def _carry_patch(
    patch: Patch, state: State, ledger: Ledger | None
) -> tuple[PatchResult, list[FilePlan], State]:
    trial = state.fork()
    plans = []
    for change in patch.files:
        plan = plan_file(change, trial)
        plan.settle(trial, landed=True)
        plans.append(plan)
    result = _judge(patch, plans)
    merged = result.outcome
    if merged is not Outcome.UPSTREAMED and (found := tree_evidence(plans)):
        result = upstreamed(result, (found,))
    if ledger:
        result = consult(ledger, patch, result, plans)
    overruled = result.outcome is not merged
    if overruled or merged in _UNFINISHED:
        for plan in plans:
            plan.settle(state, landed=False)
        return result, plans, state
    return result, plans, trial


def _judge(patch: Patch, plans: Sequence[FilePlan]) -> PatchResult:
    hunks = tuple(hunk for plan in plans for hunk in plan.hunks)
    fates = {hunk.fate for hunk in hunks}
    if Fate.OPEN in fates:
        return _unfinished(patch, plans, hunks)
    if fates == {Fate.PRESENT}:
        return _upstreamed(patch, plans, hunks)
    redone = [plan.redone for plan in plans]
    if all(one is True for one in redone):
        moved = [hunk for hunk in hunks if hunk.fate is not Fate.EXACT]
        reason = "" if moved or hunks else "changes no file"
        return PatchResult(patch.name, Outcome.UNCHANGED, patch, hunks, reason)
    output = patch._replace(raw=render(patch.raw, patch.files, redone))
    changed = [hunk for hunk in hunks if hunk.reason]
    reason = "; ".join(dict.fromkeys(f"{hunk.file}: {hunk.reason}" for hunk in changed))
    return PatchResult(
        patch.name, Outcome.ADJUSTED, output, hunks, reason or "upstream moved its lines"
    )


def _unfinished(
    patch: Patch, plans: Sequence[FilePlan], hunks: tuple[HunkResult, ...]
) -> PatchResult:
    still = [hunk for hunk in hunks if hunk.fate is Fate.OPEN]
    reason = "; ".join(dict.fromkeys(f"{hunk.file}: {hunk.reason}" for hunk in still))
    rejects = b"".join(_rejected(patch, plan) for plan in plans)
    if len(still) == len(hunks):
        return PatchResult(patch.name, Outcome.CONFLICT, None, hunks, reason, (), rejects)
    redone = [plan.redone for plan in plans]
    output = patch._replace(raw=render(patch.raw, patch.files, redone))
    return PatchResult(patch.name, Outcome.PARTIAL, output, hunks, reason, (), rejects)


def _rejected(patch: Patch, plan: FilePlan) -> bytes:
    by_header = {hunk.header for hunk in plan.hunks if hunk.fate is Fate.OPEN}
    if not by_header:
        return b""
    left = [hunk for hunk in plan.change.hunks if hunk.header in by_header]
    return reject(plan.change, patch.raw, left)


def _upstreamed(
    patch: Patch, plans: Sequence[FilePlan], hunks: tuple[HunkResult, ...]
) -> PatchResult:
    found = [plan.presence for file in plans for plan in file.plans if plan.presence]
    certainty = min((one.certainty for one in found), default=1.0)
    why = "; ".join(dict.fromkeys(f"{hunk.file}: {hunk.reason}" for hunk in hunks))
    kind = "empty-merge" if certainty >= 1 else "tree"
    evidence = (Evidence(kind, why, certainty),)
    reason = "nothing is left to do"
    return PatchResult(patch.name, Outcome.UPSTREAMED, None, hunks, reason, evidence)
