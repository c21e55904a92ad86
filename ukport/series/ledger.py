"""Weigh what the merge says about a patch against what upstream's history says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ukport.git.difference import Differences
from ukport.git.history import (
    commit_with_blob,
    subjects_between,
    tags_between,
)
from ukport.git.repository import Repository
from ukport.series.content import File, from_bytes
from ukport.series.fileplan import FilePlan
from ukport.series.fingerprint import telling
from ukport.series.gained import Gained, words
from ukport.series.likeness import lands_whole
from ukport.series.model import FileChange, Hunk
from ukport.series.outcome import Evidence, Fate, Outcome, PatchResult
from ukport.series.patch import Patch
from ukport.series.place import places
from ukport.series.render import blob_id

if TYPE_CHECKING:
    from ukport.series.landed import Chronicle

_MIN_HUNK = 2
_SURE = 0.8
_SAME = 1.0
_MOST = 0.5
_BLANKS = b" \t\r\f\v"


class Ledger:
    """Where the evidence comes from: commits, tags, and what upstream's trees gained.

    The subjects are listed in the background, since nearly every series needs them.
    """

    def __init__(
        self,
        repo: Repository,
        ends: tuple[str, str],
        compared: Differences,
        paths: Sequence[str],
    ) -> None:
        self.repo = repo
        self.ends = ends
        self._paths = paths
        self._subjects = subjects_between(repo, *ends)
        self._compared = compared

    def close(self) -> None:
        """End what still runs."""
        self._subjects.close()

    @cached_property
    def chronicle(self) -> "Chronicle":
        """The commits on the way."""
        # Imported here: many a series lands without a question about them.
        from ukport.series.landed import Chronicle

        return Chronicle(self.repo, *self.ends, self._paths)

    @cached_property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """The tags on the way."""
        return tags_between(self.repo, *self.ends)

    @cached_property
    def gained(self) -> Gained:
        """What upstream added anywhere."""
        return Gained(self._compared)

    @cached_property
    def subjects(self) -> frozenset[str]:
        """The subjects of all commits on the way."""
        return frozenset(self._subjects.output().decode("utf-8", "replace").split("\n"))


@contextmanager
def open_ledger(
    repo: Repository, ends: tuple[str, str], compared: Differences, paths: Sequence[str]
) -> Iterator[Ledger | None]:
    """The history between two commits; None where the two ends are not both commits."""
    if not all(ends):
        yield None
        return
    ledger = Ledger(repo, ends, compared, paths)
    try:
        yield ledger
    finally:
        ledger.close()


def consult(
    ledger: Ledger, patch: Patch, result: PatchResult, plans: Sequence[FilePlan]
) -> PatchResult:
    """The result with evidence from history: a patch found upstream needs no carrying."""
    if any(lands_whole(hunk) for hunk in result.hunks):
        return result
    if result.outcome in (Outcome.UNCHANGED, Outcome.ADJUSTED):
        return _landing(ledger, patch, result)
    found = ledger.chronicle.evidence(patch)
    if found:
        return upstreamed(result, (*found, *result.evidence))
    if result.outcome is Outcome.UPSTREAMED:
        return result._replace(
            evidence=(*result.evidence, *_by_hunk(ledger, patch, plans, _PRESENT))
        )
    pieces = _by_hunk(ledger, patch, plans, _OPEN)
    wanted = sum(hunk.fate is Fate.OPEN for hunk in result.hunks)
    others = {hunk.fate for hunk in result.hunks} - {Fate.OPEN, Fate.PRESENT}
    if len(pieces) == wanted and not others:
        return upstreamed(result, pieces)
    return result._replace(evidence=pieces)


_PRESENT = frozenset({Fate.PRESENT})
_OPEN = frozenset({Fate.OPEN})


def upstreamed(result: PatchResult, evidence: tuple[Evidence, ...]) -> PatchResult:
    """The result of a patch that is upstream after all."""
    return result._replace(
        outcome=Outcome.UPSTREAMED,
        output=None,
        reason="upstream has it",
        evidence=evidence,
        rejects=b"",
    )


def _landing(ledger: Ledger, patch: Patch, result: PatchResult) -> PatchResult:
    """A patch may land although upstream took it long ago and has moved or reworked it since.

    Only a commit counts that is the very change, was not reverted, and was made on top of the old
    version: one from another branch may have been merged in without its change. The history is
    read only where there is a sign of it: what the patch brings is there, or its subject.
    """
    added = [line for hunk in patch.hunks for line in hunk.added]
    removed = [line for hunk in patch.hunks for line in hunk.removed]
    if not telling(b"+" + line for line in added):
        return result
    if patch.header.subject not in ledger.subjects and not _still(ledger, added, removed):
        return result
    chronicle = ledger.chronicle
    found = [one for one in chronicle.evidence(patch, wary=True) if one.commit in chronicle.path]
    if not found or found[0].certainty < _SAME:
        return result
    reworked = [
        one._replace(detail=f"{one.detail}; upstream has reworked it since", certainty=_SURE)
        for one in found
    ]
    return upstreamed(result, tuple(reworked))


def _still(ledger: Ledger, added: Sequence[bytes], removed: Sequence[bytes]) -> bool:
    """Whether upstream's own new lines hold what a patch brings, line by line or word by word."""
    lines = [line for line in added if telling([b"+" + line])]
    squashed = {line.rstrip(b"\n").translate(None, _BLANKS) for line in lines}
    gained = ledger.gained
    if squashed and sum(map(gained.line, squashed)) >= len(squashed) * _MOST:
        return True
    new = words(b"\n".join(added)) - words(b"\n".join(removed))
    return bool(new) and all(map(gained.word, new))


def _by_hunk(
    ledger: Ledger, patch: Patch, plans: Sequence[FilePlan], fates: frozenset[Fate]
) -> tuple[Evidence, ...]:
    """Evidence for single hunks, or files without any; one for each that has it."""
    pieces = []
    for plan in plans:
        change = plan.change
        if not change.hunks and plan.hunks[0].fate in fates:
            pieces.append(_one_file(ledger, change))
        for hunk, result in zip(change.hunks, plan.hunks, strict=False):
            if result.fate in fates:
                pieces.append(_one_hunk(ledger, patch, change._replace(hunks=(hunk,)), hunk))
    return tuple(piece for piece in pieces if piece)


def _one_file(ledger: Ledger, change: FileChange) -> Evidence | None:
    """A commit on the way that brought the very bytes of a binary file."""
    if change.binary is None or change.binary[0].method != "literal":
        return None
    blob = blob_id(change.binary[0].data, len(ledger.ends[1]))
    commit = commit_with_blob(ledger.repo, *ledger.ends, blob)
    if not commit:
        return None
    detail = f"{change.path}: commit {commit[:12]} brought the same bytes"
    return Evidence("history", detail, 0.95, commit)


def _one_hunk(ledger: Ledger, patch: Patch, change: FileChange, hunk: Hunk) -> Evidence | None:
    said = telling([tag + line for tag, line in hunk.lines if tag != b" "])
    if len(said) >= _MIN_HUNK:
        found = ledger.chronicle.evidence(patch, [change])
        if found and found[0].certainty > _SURE:
            detail = f"{change.path} {hunk.header}: {found[0].detail}"
            return found[0]._replace(detail=detail)
    return _at_tag(ledger, change, hunk)


def _at_tag(ledger: Ledger, change: FileChange, hunk: Hunk) -> Evidence | None:
    """Reverse application on the way: a tag whose file has the hunk's result, and only that."""
    if not telling(b"+" + line for line in hunk.added):
        return None
    tags = ledger.tags
    with ledger.repo.reader() as reader:
        known: dict[str, bool] = {}
        specs = [f"{commit}:{change.path}" for _, commit in tags]
        for (name, commit), blob in zip(tags, reader.many(specs), strict=True):
            if blob is None or blob.kind != "blob":
                continue
            if blob.oid not in known:
                known[blob.oid] = _reversed(from_bytes(blob.data), hunk)
            if known[blob.oid]:
                detail = f"{change.path} {hunk.header}: {name} has it as the patch leaves it"
                return Evidence("reverse", detail, 0.85, commit)
    return None


def _reversed(file: File, hunk: Hunk) -> bool:
    after = list(places(file.lines, hunk.after))
    return len(after) == 1 and not any(places(file.lines, hunk.before))
