"""Weigh what the merge says about a patch against what upstream's history says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ukport.git.history import is_commit, related, tags_between
from ukport.git.repository import Repository
from ukport.series.content import File, from_bytes
from ukport.series.fileplan import FilePlan
from ukport.series.fingerprint import telling
from ukport.series.landed import Chronicle
from ukport.series.model import FileChange, Hunk
from ukport.series.outcome import Evidence, Fate, Outcome, PatchResult
from ukport.series.patch import Patch
from ukport.series.place import places

_MIN_HUNK = 2
_SURE = 0.8


@dataclass
class Ledger:
    """Where the evidence comes from: commits, tags, and the new tree as a whole."""

    chronicle: Chronicle
    repo: Repository
    tree: str
    _tags: tuple[tuple[str, str], ...] | None = None

    def tags(self) -> tuple[tuple[str, str], ...]:
        """The tags on the way, read once."""
        if self._tags is None:
            chronicle = self.chronicle
            self._tags = tags_between(self.repo, chronicle.old, chronicle.new)
        return self._tags

    def holds(self, line: bytes) -> bool:
        """Whether any file of the new tree has this line."""
        text = line.strip()
        args = ["grep", "--text", "-F", "-q", "-e", text.decode("utf-8", "surrogateescape")]
        if not text or b"\n" in text or b"\0" in text:
            return False
        return self.repo.git([*args, self.tree], check=False).returncode == 0


def open_ledger(
    repo: Repository, old: str, new: str, tree: str, paths: Sequence[str]
) -> Ledger | None:
    """The history between two commits; None where there is none (trees, unrelated commits)."""
    if not (is_commit(repo, old) and is_commit(repo, new)):
        return None
    ends = repo.resolve(old), repo.resolve(new)
    if not related(repo, *ends):
        return None
    return Ledger(Chronicle(repo, *ends, paths), repo, tree)


def consult(
    ledger: Ledger, patch: Patch, result: PatchResult, plans: Sequence[FilePlan]
) -> PatchResult:
    """The result with evidence from history: a patch found upstream needs no carrying."""
    if result.outcome in (Outcome.UNCHANGED, Outcome.ADJUSTED):
        return _landing(ledger, patch, result)
    found = ledger.chronicle.evidence(patch)
    if found:
        return _upstreamed(result, (found, *result.evidence))
    if result.outcome is Outcome.UPSTREAMED:
        return replace(
            result, evidence=(*result.evidence, *_by_hunk(ledger, patch, plans, _PRESENT))
        )
    pieces = _by_hunk(ledger, patch, plans, _OPEN)
    wanted = sum(hunk.fate is Fate.OPEN for hunk in result.hunks)
    others = {hunk.fate for hunk in result.hunks} - {Fate.OPEN, Fate.PRESENT}
    if len(pieces) == wanted and not others:
        return _upstreamed(result, pieces)
    return replace(result, evidence=pieces)


_PRESENT = frozenset({Fate.PRESENT})
_OPEN = frozenset({Fate.OPEN})


def _upstreamed(result: PatchResult, evidence: tuple[Evidence, ...]) -> PatchResult:
    return replace(
        result,
        outcome=Outcome.UPSTREAMED,
        output=None,
        reason="upstream has it",
        evidence=evidence,
        rejects=b"",
    )


def _landing(ledger: Ledger, patch: Patch, result: PatchResult) -> PatchResult:
    """A patch that only adds lines lands even where upstream has them elsewhere by now."""
    added = [line for hunk in patch.hunks for line in hunk.added]
    removed = [b"-" + line for hunk in patch.hunks for line in hunk.removed]
    if telling(removed) or not telling(added):
        return result
    if not ledger.holds(max(added, key=len)):
        return result
    found = ledger.chronicle.evidence(patch)
    if found is None or found.certainty < _SURE:
        return result
    return _upstreamed(result, (found,))


def _by_hunk(
    ledger: Ledger, patch: Patch, plans: Sequence[FilePlan], fates: frozenset[Fate]
) -> tuple[Evidence, ...]:
    """Evidence for single hunks; one for each hunk that has any."""
    pieces = []
    for plan in plans:
        for hunk, result in zip(plan.change.hunks, plan.hunks, strict=False):
            if result.fate not in fates:
                continue
            found = _one_hunk(ledger, patch, replace(plan.change, hunks=(hunk,)), hunk)
            if found:
                pieces.append(found)
    return tuple(pieces)


def _one_hunk(ledger: Ledger, patch: Patch, change: FileChange, hunk: Hunk) -> Evidence | None:
    said = telling([tag + line for tag, line in hunk.lines if tag != b" "])
    if len(said) >= _MIN_HUNK:
        found = ledger.chronicle.evidence(patch, [change])
        if found and found.certainty > _SURE:
            detail = f"{change.path} {hunk.header}: {found.detail}"
            return replace(found, detail=detail)
    return _at_tag(ledger, change, hunk)


def _at_tag(ledger: Ledger, change: FileChange, hunk: Hunk) -> Evidence | None:
    """Reverse application on the way: a tag whose file has the hunk's result, and only that."""
    if not telling(b"+" + line for line in hunk.added):
        return None
    tags = ledger.tags()
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
