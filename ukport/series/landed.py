"""Did a patch land upstream on the way? Asked of the commits and tags between two versions.

A commit counts where it holds every line that the patch adds and removes; where the patch names
it; or where it bears the same subject and nearly the same change. A change that was undone later
counts as not landed. Each answer names its commit and how sure it is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from ukport.git.history import Commit, ancestry_path, commits_between, patch_of, related
from ukport.git.repository import Repository
from ukport.series.fingerprint import (
    Fingerprint,
    Lines,
    inverse,
    of_changes,
    of_diff,
    share,
    signed,
    telling,
)
from ukport.series.model import FileChange, Hunk
from ukport.series.outcome import Evidence
from ukport.series.parse import PatchError
from ukport.series.patch import Patch
from ukport.series.place import same_function

_OID = re.compile(r"\b[0-9a-f]{7,64}\b")
_REVERTS = re.compile(r"This reverts commit ([0-9a-f]{7,64})")
_NAMING = frozenset(
    {
        "applied-upstream",
        "backport",
        "backported-from",
        "bug-upstream",
        "cherry-picked-from",
        "commit",
        "fixed-upstream",
        "forwarded",
        "origin",
        "upstream",
        "upstream-commit",
        "upstream-status",
    }
)
_SAME_SUBJECT = 0.7
_NAMED = 0.5
_MIN_TELLING = 1
_SHOWN = 3
_BLANKS = b" \t\r\f\v"


class _Match(NamedTuple):
    commit: Commit
    kind: str
    detail: str
    certainty: float


class Chronicle:
    """The commits between two versions, read once and only when a patch asks."""

    def __init__(self, repo: Repository, old: str, new: str, paths: Sequence[str]) -> None:
        self.repo = repo
        self.old = old
        self.new = new
        self.paths = paths
        self._prints: dict[str, Fingerprint] = {}
        self._hunks: dict[str, list[Hunk]] = {}

    def evidence(
        self,
        patch: Patch,
        changes: Sequence[FileChange] | None = None,
        *,
        wary: bool = False,
    ) -> tuple[Evidence, ...]:
        """The commits that hold a patch (or only these changes of it), if any still stands.

        The likeliest first; more than one where upstream made the very same change again. Be
        ``wary`` where the code is as it was before: then any later commit that takes the change
        back counts, not only one that does nothing else or says so.
        """
        wanted = of_changes(patch.files if changes is None else changes)
        lines = wanted.all
        if not lines:
            return ()
        matches = []
        for commit, found in self._candidates(lines):
            match = _compare(patch, wanted, lines, commit, found)
            if match:
                matches.append(match)
        matches.sort(key=lambda match: _rank(patch, match), reverse=True)
        hunks = [hunk for change in changes or patch.files for hunk in change.hunks]
        placed = [match for match in matches if self._in_place(match.commit, hunks)]
        if not placed or self._undone(placed[0].commit, lines, wary=wary):
            return ()
        same = [match for match in placed if match.certainty == placed[0].certainty]
        return tuple(Evidence(m.kind, m.detail, m.certainty, m.commit.oid) for m in same[:_SHOWN])

    def _in_place(self, commit: Commit, hunks: Sequence[Hunk]) -> bool:
        """Whether a commit makes each change where the patch does: the same line put in elsewhere
        is another change.
        """
        if commit.oid not in self._hunks:
            try:
                files = Patch(commit.oid, patch_of(self.repo, commit.oid)).files
            except PatchError:
                files = ()
            self._hunks[commit.oid] = [hunk for change in files for hunk in change.hunks]
        theirs = self._hunks[commit.oid]
        return all(any(_same_place(hunk, other) for other in theirs) for hunk in hunks)

    @cached_property
    def path(self) -> frozenset[str]:
        """The commits made on top of the old version."""
        return ancestry_path(self.repo, self.old, self.new)

    @cached_property
    def _commits(self) -> list[tuple[Commit, frozenset[bytes]]]:
        return [
            (commit, frozenset(commit.patch.translate(None, _BLANKS).split(b"\n")))
            for commit in self._between()
        ]

    def _between(self) -> Iterator[Commit]:
        if related(self.repo, self.old, self.new):
            yield from commits_between(self.repo, self.old, self.new, self.paths)

    def _candidates(self, lines: Lines) -> list[tuple[Commit, Fingerprint]]:
        probes = frozenset(telling(lines) or lines)
        need = max(_MIN_TELLING, int(len(probes) * _NAMED))
        return [
            (commit, self._print(commit))
            for commit, present in self._commits
            if len(probes & present) >= need
        ]

    def _print(self, commit: Commit) -> Fingerprint:
        if commit.oid not in self._prints:
            self._prints[commit.oid] = of_diff(commit.patch)
        return self._prints[commit.oid]

    def _undone(self, landed: Commit, lines: Lines, *, wary: bool) -> bool:
        """Whether a later commit takes the whole change back."""
        back = inverse(lines)
        probes = frozenset(telling(back) or back)
        commits = iter(self._commits)
        for commit, _ in commits:
            if commit.oid == landed.oid:
                break
        for commit, present in commits:
            named = _REVERTS.search(commit.message)
            if named and landed.oid.startswith(named[1]):
                return True
            if commit.subject == f'Revert "{landed.subject}"':
                return True
            if probes <= present:
                found = self._print(commit).all
                if found == back or (wary and _within(back, found)):
                    return True
        return False


def _compare(
    patch: Patch, wanted: Fingerprint, lines: Lines, commit: Commit, found: Fingerprint
) -> _Match | None:
    name = f"{commit.oid[:12]} ({commit.subject})"
    if wanted.files == found.files:
        return _Match(commit, "patch-id", f"commit {name} is the same change", 1.0)
    if not telling(lines):
        return None
    if all(_within(part, found.files.get(path)) for path, part in wanted.files.items()):
        return _Match(commit, "history", f"commit {name} holds the whole change", 0.95)
    if _within(lines, found.all):
        return _Match(commit, "history", f"commit {name} makes the change in other files", 0.9)
    return _alike(patch, commit, name, share(lines, found.all))


def _alike(patch: Patch, commit: Commit, name: str, likeness: float) -> _Match | None:
    percent = f"{likeness:.0%} of its lines"
    if likeness >= _NAMED and commit_named(patch, commit.oid):
        detail = f"the patch names commit {name}, which has {percent}"
        return _Match(commit, "trailer", detail, 0.8 + likeness / 10)
    if likeness >= _SAME_SUBJECT and _same_subject(patch, commit):
        detail = f"commit {name} has the same subject and {percent}"
        return _Match(commit, "subject", detail, 0.7 + likeness / 5)
    return None


def _rank(patch: Patch, match: _Match) -> tuple[float, bool, bool, bool]:
    """Between two commits that hold the same change, the one that the patch speaks of."""
    commit = match.commit
    named = commit_named(patch, commit.oid)
    return match.certainty, named, _same_subject(patch, commit), patch.date == commit.date


def _same_place(one: Hunk, other: Hunk) -> bool:
    """Whether two hunks share changed lines and, around them, a line or the function."""
    changed = [{signed(tag, line) for tag, line in h.lines if tag != b" "} for h in (one, other)]
    if not changed[0] & changed[1]:
        return False
    around = [{signed(b" ", line) for tag, line in h.lines if tag != b"+"} for h in (one, other)]
    mine = set(telling(around[0]))
    named = one.section and other.section and same_function(one.section, other.section)
    return not mine or bool(mine & around[1]) or bool(named)


def _within(part: Lines, whole: Lines | None) -> bool:
    return whole is not None and all(whole[line] >= count for line, count in part.items())


def _same_subject(patch: Patch, commit: Commit) -> bool:
    return patch.header.subject.strip().lower() == commit.subject.strip().lower()


def commit_named(patch: Patch, oid: str) -> bool:
    """Whether a patch says that it is, or comes from, this commit."""
    if patch.header.commit and oid.startswith(patch.header.commit):
        return True
    return any(
        oid.startswith(word)
        for key, value in patch.trailers
        if key.lower() in _NAMING
        for word in _OID.findall(value.lower())
    )
