"""Carry a series from one upstream version to another.

Every patch is tried. The old tree with the patches so far and the new one move side by side; what
upstream changed between them is read from git once, and everything else happens in memory. A
conflict is a value: later patches are tried without the one that did not land.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ukport.git.repository import Repository
from ukport.git.write import write_tree
from ukport.series.apply import touched
from ukport.series.content import changes
from ukport.series.fileplan import FilePlan, plan_file
from ukport.series.ledger import Ledger, consult, open_ledger
from ukport.series.outcome import (
    Evidence,
    Fate,
    HunkResult,
    Outcome,
    PatchResult,
    Rebase,
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


def rebase(
    repo: Repository,
    series: Sequence[Patch],
    old: str,
    new: str,
    *,
    scratch: Path,
    history: bool = True,
) -> Rebase:
    """Carry ``series`` from ``old`` to ``new`` (commits or trees of ``repo``).

    New objects go to a repository in ``scratch``; ``repo`` is only read. With ``history`` the
    commits from old to new are asked which of them hold the patches already. Raises PatchError for
    a patch that cannot be read; a patch that does not fit is a result.
    """
    trees = (repo.tree(old), repo.tree(new))
    target = repo.scratch(scratch)
    paths = touched(series)
    state = open_state(repo, *trees, paths)
    ledger = open_ledger(repo, old, new, trees[1], sorted(paths)) if history else None
    results = []
    for patch in series:
        result, state = _carry_patch(patch, state, ledger)
        results.append(result)
    landed = tuple(
        result.output
        for result in results
        if result.output and result.outcome in (Outcome.UNCHANGED, Outcome.ADJUSTED)
    )
    tree = write_tree(target, trees[1], changes(state.base, state.new))
    return Rebase(tuple(results), landed, tree, target)


def _carry_patch(patch: Patch, state: State, ledger: Ledger | None) -> tuple[PatchResult, State]:
    trial = state.fork()
    plans = []
    for change in patch.files:
        plan = plan_file(change, trial)
        plan.settle(trial, True)  # noqa: FBT003
        plans.append(plan)
    result = _judge(patch, plans)
    merged = result.outcome
    if ledger:
        result = consult(ledger, patch, result, plans)
    overruled = result.outcome is not merged
    if overruled or merged in (Outcome.PARTIAL, Outcome.CONFLICT):
        for plan in plans:
            plan.settle(state, False)  # noqa: FBT003
        return result, state
    return result, trial


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
    output = replace(patch, raw=render(patch.raw, patch.files, redone))
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
    output = replace(patch, raw=render(patch.raw, patch.files, redone))
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
