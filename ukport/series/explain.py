"""Why a hunk does not fit: the commit that broke it, where its code went, which names are gone."""

import re
from collections.abc import Iterable, Sequence

from ukport.git.history import Step, steps_of
from ukport.git.repository import Hit, Repository
from ukport.series.content import from_bytes
from ukport.series.fileplan import FilePlan
from ukport.series.model import Hunk
from ukport.series.outcome import Fate, HunkResult, Outcome, PatchResult
from ukport.series.place import places
from ukport.series.track import Track

BY_HAND = "rebase by hand"
PARTIAL = "partial: the proposal holds what lands, the rest is rejected"
RE_PORT = "re-port: the code that it changes is gone"
_NAME = re.compile(rb"\b[A-Za-z_][A-Za-z_0-9]{3,}\b")
# What holds words, but no names: strings, characters and comments.
_STRINGS = rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
_NO_CODE = re.compile(_STRINGS + rb"|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_NO_SCRIPT = re.compile(_STRINGS + rb"|#[^\n]*", re.DOTALL)
_INSIDE = re.compile(rb"\A(?:(?!/\*).)*?\*/", re.DOTALL)
_STARRED = re.compile(rb"^[ \t]*\*(?:[ \t/][^\n]*)?$", re.MULTILINE)
_SLASHED = (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".s", ".ld", ".lds", ".js", ".java")
_GONE = ("deleted", "moved", "the file is deleted", "the file is renamed")
_MANY_NAMES = 15


class Explainer:
    """Explains conflicts between two trees; with their commits it names the one to blame."""

    def __init__(self, repo: Repository, trees: tuple[str, str], ends: tuple[str, str]) -> None:
        self._repo = repo
        self._trees = trees
        self._ends = ends if all(ends) else None
        self._steps: dict[str, tuple[Step, ...]] = {}
        self._known: dict[str, bool] = {}

    def explain(self, result: PatchResult, plans: Sequence[FilePlan]) -> PatchResult:
        """The result with an explanation in every open hunk, and a verdict."""
        hunks = [done for plan in plans for done in self._file(plan)]
        still = [hunk for hunk in hunks if hunk.fate is Fate.OPEN]
        return result._replace(hunks=tuple(hunks), verdict=_verdict(result, still))

    def _file(self, plan: FilePlan) -> Iterable[HunkResult]:
        path = plan.change.old or plan.change.path
        originals = [*plan.change.hunks, *([None] * len(plan.hunks))]
        for hunk, result in zip(originals, plan.hunks, strict=False):
            if result.fate is not Fate.OPEN or hunk is None:
                yield result
                continue
            core = _core(hunk)
            yield result._replace(
                broken_by=self._culprit(path, core),
                whereabouts=self._whereabouts(path, result, core),
                missing=self._missing(path, hunk, plan.track),
            )

    def _culprit(self, path: str, core: Sequence[bytes]) -> str:
        """The last commit on the way after which the lines to change were no longer there."""
        if self._ends is None or not core:
            return ""
        if path not in self._steps:
            self._steps[path] = steps_of(self._repo, *self._ends, path)
        steps = self._steps[path]
        fits = self._fits(steps, core)
        broke = [step for step in steps if fits.get(step.before) and not fits.get(step.after)]
        own = [step for step in broke if not step.merge] or broke
        return f"{own[-1].commit[:12]} ({own[-1].subject})" if own else ""

    def _fits(self, steps: Sequence[Step], core: Sequence[bytes]) -> dict[str, bool]:
        blobs = sorted({oid for step in steps for oid in (step.before, step.after) if oid})
        with self._repo.reader() as reader:
            return {
                blob.oid: any(places(from_bytes(blob.data).lines, core))
                for blob in reader.many(blobs)
                if blob
            }

    def _whereabouts(self, path: str, result: HunkResult, core: Sequence[bytes]) -> str:
        telling = sorted(core, key=len, reverse=True)[:1]
        text = [line.strip().decode("utf-8", "surrogateescape") for line in telling]
        text = [line for line in text if line and "\0" not in line]
        hits = self._repo.grep(self._trees[1], text)
        files = list(dict.fromkeys(hit.path for hit in hits))
        if files and path not in files:
            # Where the same line stood before, this one did not go.
            was = {hit.path for hit in self._repo.grep(self._trees[0], text)}
            files = [file for file in files if file not in was]
        if path in files:
            return f"rewritten around line {_nearest(hits, path, result.line)} of {path}"
        if files:
            first = next(hit for hit in hits if hit.path == files[0])
            return f"moved to {first.path}, line {first.line}"
        if "deleted the file" in result.reason:
            return "the file is deleted"
        return "deleted" if "deleted the lines" in result.reason else "rewritten"

    def _missing(self, path: str, hunk: Hunk, track: Track | None) -> tuple[str, ...]:
        """Names in the lines that it expects that are nowhere in the new tree's code any more."""
        here = names_in(path, track.new.data) if track else {}
        names = names_in(path, b"".join(hunk.before))
        wanted = [name.decode() for name in names if name not in here][:_MANY_NAMES]
        fresh = [name for name in wanted if name not in self._known]
        found: set[bytes] = set()
        for hit in self._repo.grep(self._trees[1], fresh, words=True, around=True):
            found |= names_in(hit.path, hit.text.encode("utf-8", "surrogateescape")).keys()
        self._known |= {name: name.encode() in found for name in fresh}
        return tuple(name for name in wanted if not self._known[name])


def _core(hunk: Hunk) -> tuple[bytes, ...]:
    """The lines from the one before the first change to the one after the last."""
    before = hunk.before
    return before[max(hunk.leading - 1, 0) : len(before) - max(hunk.trailing - 1, 0)]


def names_in(path: str, text: bytes) -> dict[bytes, None]:
    """The names in code, in order: words of comments and strings are none."""
    if path.lower().endswith(_SLASHED):
        # The text may begin, and a line of it stand, in the middle of a comment.
        code = _NO_CODE.sub(b" ", _STARRED.sub(b"", _INSIDE.sub(b"", text)))
    else:
        code = _NO_SCRIPT.sub(b" ", text)
    return dict.fromkeys(_NAME.findall(code))


def _nearest(hits: Sequence[Hit], path: str, line: int) -> int:
    return min((hit.line for hit in hits if hit.path == path), key=lambda at: abs(at - line))


def _verdict(result: PatchResult, still: Sequence[HunkResult]) -> str:
    if result.outcome is Outcome.PARTIAL:
        return PARTIAL
    gone = [hunk for hunk in still if hunk.missing or hunk.whereabouts.startswith(_GONE)]
    return RE_PORT if still and len(gone) == len(still) else BY_HAND
