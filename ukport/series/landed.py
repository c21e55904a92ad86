"""Did a patch land upstream on the way? Asked of the commits and tags between two versions.

A commit counts where it holds every line that the patch adds and removes; where the patch names
it; or where it bears the same subject and nearly the same change. A change that was undone later
counts as not landed. Each answer names its commit and how sure it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ukport.git.history import Commit, commits_between
from ukport.git.repository import Repository
from ukport.series.fingerprint import (
    Fingerprint,
    Lines,
    inverse,
    of_changes,
    of_diff,
    share,
    telling,
)
from ukport.series.model import FileChange
from ukport.series.outcome import Evidence
from ukport.series.patch import Patch

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


@dataclass(frozen=True)
class _Match:
    commit: Commit
    kind: str
    detail: str
    certainty: float


@dataclass
class Chronicle:
    """The commits between two versions, read once and only when a patch asks."""

    repo: Repository
    old: str
    new: str
    paths: Sequence[str]
    _commits: list[tuple[Commit, frozenset[bytes]]] | None = None
    _prints: dict[str, Fingerprint] = field(default_factory=dict)

    def evidence(
        self, patch: Patch, changes: Sequence[FileChange] | None = None
    ) -> Evidence | None:
        """The commit that holds a patch (or only these changes of it), if any still stands."""
        wanted = of_changes(patch.files if changes is None else changes)
        lines = wanted.all
        if not lines:
            return None
        matches = []
        for commit, found in self._candidates(lines):
            match = _compare(patch, wanted, lines, commit, found)
            if match:
                matches.append(match)
        if not matches:
            return None
        best = max(matches, key=lambda match: _rank(patch, match))
        if self._undone(best.commit, lines):
            return None
        return Evidence(best.kind, best.detail, best.certainty, best.commit.oid)

    def _read(self) -> list[tuple[Commit, frozenset[bytes]]]:
        if self._commits is None:
            table = bytes.maketrans(b"", b"")
            self._commits = [
                (commit, frozenset(commit.patch.translate(table, b" \t\r\f\v").split(b"\n")))
                for commit in commits_between(self.repo, self.old, self.new, self.paths)
            ]
        return self._commits

    def _candidates(self, lines: Lines) -> list[tuple[Commit, Fingerprint]]:
        probes = frozenset(telling(lines) or lines)
        need = max(_MIN_TELLING, int(len(probes) * _NAMED))
        return [
            (commit, self._print(commit))
            for commit, present in self._read()
            if len(probes & present) >= need
        ]

    def _print(self, commit: Commit) -> Fingerprint:
        if commit.oid not in self._prints:
            self._prints[commit.oid] = of_diff(commit.patch)
        return self._prints[commit.oid]

    def _undone(self, landed: Commit, lines: Lines) -> bool:
        """Whether a later commit takes the whole change back."""
        later = False
        back = inverse(lines)
        for commit, present in self._read():
            if commit.oid == landed.oid:
                later = True
                continue
            if not later:
                continue
            named = _REVERTS.search(commit.message)
            if named and landed.oid.startswith(named[1]):
                return True
            probes = frozenset(telling(back) or back)
            if probes <= present and self._print(commit).all == back:
                return True
        return False


def _compare(
    patch: Patch, wanted: Fingerprint, lines: Lines, commit: Commit, found: Fingerprint
) -> _Match | None:
    whole = found.all
    if wanted.files == found.files:
        return _Match(commit, "patch-id", f"commit {_name(commit)} is the same change", 1.0)
    if not telling(lines):
        return None
    if all(_within(part, found.files.get(name)) for name, part in wanted.files.items()):
        return _Match(commit, "history", f"commit {_name(commit)} holds the whole change", 0.95)
    if _within(lines, whole):
        detail = f"commit {_name(commit)} makes the whole change, in other files"
        return _Match(commit, "history", detail, 0.9)
    likeness = share(lines, whole)
    percent = f"{likeness:.0%} of its lines"
    if likeness >= _NAMED and commit_named(patch, commit.oid):
        detail = f"the patch names commit {_name(commit)}, which has {percent}"
        return _Match(commit, "trailer", detail, 0.8 + likeness / 10)
    if likeness >= _SAME_SUBJECT and _same_subject(patch, commit):
        detail = f"commit {_name(commit)} has the same subject and {percent}"
        return _Match(commit, "subject", detail, 0.7 + likeness / 5)
    return None


def _rank(patch: Patch, match: _Match) -> tuple[float, bool, bool]:
    """Between two commits that hold the same change, the one that the patch speaks of."""
    commit = match.commit
    return match.certainty, commit_named(patch, commit.oid), _same_subject(patch, commit)


def _within(part: Lines, whole: Lines | None) -> bool:
    return whole is not None and all(whole[line] >= count for line, count in part.items())


def _name(commit: Commit) -> str:
    return f"{commit.oid[:12]} ({commit.subject})"


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
