"""How an open hunk might go in: guesses for a person to judge, never taken for a landing.

Three are tried: both sides' changes of one place merged word by word; what both sides added at one
place, one after the other; and the function that the hunk changes, where upstream keeps it now.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from ukport.git.repository import Repository
from ukport.series.carry import Plan
from ukport.series.content import File, from_bytes
from ukport.series.fileplan import FilePlan
from ukport.series.model import Hunk, split_lines
from ukport.series.outcome import Fate, HunkResult, Outcome, PatchResult
from ukport.series.patch import Patch
from ukport.series.place import function_at, name_of
from ukport.series.present import groups
from ukport.series.render import Redone, render
from ukport.series.track import Edit, Track

WORDS = "both changes of the place merged word by word"
UNION = "what both sides add here, upstream's first"
_TOKEN = re.compile(rb"\w+|[^\S\n]+|\n|.", re.DOTALL)
_MANY = 1500  # tokens of one place; beyond that no person compares two texts of it either
_LONG = 400  # lines of a function
_ALIKE = 0.6
_TWICE = 0.3
_NAME = re.compile(rb"[A-Za-z_]\w\w")
_OPENS = re.compile(rb"[A-Za-z_$]")


class _Proposal(NamedTuple):
    """One open hunk on the new side: in which file, how, its edits there, what it would hold."""

    path: str
    how: str
    edits: tuple[Edit, ...]
    shown: tuple[bytes, ...]


class Proposer:
    """Makes proposals from the new tree as it is with the patches so far."""

    def __init__(self, repo: Repository, tree: str) -> None:
        self._repo = repo
        self._tree = tree

    def propose(
        self,
        patch: Patch,
        result: PatchResult,
        plans: Sequence[FilePlan],
        new: Mapping[str, File],
    ) -> PatchResult:
        """The result with proposals for as many open hunks as there are, and a patch with them."""
        hunks: list[HunkResult] = []
        redone: list[Redone | list[Redone] | bool] = []
        told = iter(result.hunks)
        for plan in plans:
            made = self._of_file(plan, new)
            for number, hunk in enumerate(islice(told, len(plan.hunks))):
                one = made.get(number)
                hunks.append(hunk._replace(proposal=one.how, proposed=one.shown) if one else hunk)
            redone.append(self._written(plan, made, new) if made else plan.redone)
        count = sum(bool(hunk.proposal) for hunk in hunks)
        if not count:
            return result
        verdict = f"partial: the proposal holds what lands, and a guess for {count} of the others"
        output = patch._replace(raw=render(patch.raw, patch.files, redone))
        return result._replace(
            outcome=Outcome.PARTIAL, output=output, hunks=tuple(hunks), verdict=verdict
        )

    def _of_file(self, file: FilePlan, new: Mapping[str, File]) -> dict[int, _Proposal]:
        """Proposals for the open hunks of one file, by their place among its hunks."""
        found = {}
        for number, (hunk, result) in enumerate(zip(file.change.hunks, file.hunks, strict=False)):
            if result.fate is not Fate.OPEN:
                continue
            plan = file.plans[number] if file.plans else None
            made = _in_place(file.track, plan) if file.track and plan else None
            made = made or self._moved(file, hunk, number, new)
            if made:
                found[number] = made
        return found

    def _written(
        self, file: FilePlan, made: Mapping[int, _Proposal], new: Mapping[str, File]
    ) -> list[Redone]:
        """The file change with the proposals in it, once for each file that it goes to."""
        edits: dict[str, list[Edit]] = {}
        for plan in file.plans:
            real = [edit for edit in plan.edits if not edit.present]
            if real and file.track:
                edits.setdefault(file.track.new_path, []).extend(real)
        for proposal in made.values():
            edits.setdefault(proposal.path, []).extend(proposal.edits)
        return [
            _redone(path, there, its)
            for path, its in edits.items()
            if (there := self._file(path, new))
        ]

    def _file(self, path: str, new: Mapping[str, File]) -> File | None:
        if path in new:
            return new[path]
        with self._repo.reader() as reader:
            found = reader.get(f"{self._tree}:{path}")
        return from_bytes(found.data) if found and found.kind == "blob" else None

    def _moved(
        self, file: FilePlan, hunk: Hunk, number: int, new: Mapping[str, File]
    ) -> _Proposal | None:
        """The function around the hunk, where it is now the only one of its name."""
        old = file.old
        if old is None or not file.at:
            return None
        at = file.at[number] + hunk.leading
        name = name_of(function_at(old.lines, at + 1))
        start, end = extent(old.lines, at)
        if not name or end - start > _LONG:
            return None
        homes = list(self._homes(name.decode("utf-8", "replace"), new))
        if len(homes) != 1:
            return None
        path, there, (low, high) = homes[0]
        ours = there.lines[low:high]
        theirs = _patched(old.lines, start, end, hunk, file.at[number])
        if theirs is None or high - low > _LONG or _holds(ours, hunk):
            return None
        merged = words_merged(old.lines[start:end], ours, theirs)
        if merged is None or merged == ours:
            return None
        how = f"{name.decode('utf-8', 'replace')}() is now in {path}, line {low + 1}"
        edits = _edits(ours, merged, low)
        shown = [line for edit in edits for line in edit.new_lines]
        return _Proposal(path, how, tuple(edits), tuple(shown))

    def _homes(
        self, name: str, new: Mapping[str, File]
    ) -> Iterator[tuple[str, File, tuple[int, int]]]:
        """Every definition of a function in the new tree: a line that opens it, then its body."""
        hits = self._repo.grep(self._tree, [name], words=True)
        for path in dict.fromkeys(hit.path for hit in hits):
            there = self._file(path, new)
            for at in [hit.line - 1 for hit in hits if hit.path == path] if there else []:
                if there and at < len(there.lines) and _defines(there.lines, at, name.encode()):
                    yield path, there, extent(there.lines, at + 1)


def _holds(lines: Sequence[bytes], hunk: Hunk) -> bool:
    """Whether all that a hunk adds is there already."""
    added = {line.strip() for line in hunk.added if _NAME.search(line)}
    return bool(added) and added <= {line.strip() for line in lines}


def _defines(lines: Sequence[bytes], at: int, name: bytes) -> bool:
    """Whether a function's body opens at this line or soon after, before any semicolon."""
    line = lines[at]
    if not _OPENS.match(line) or name_of(line) != name:
        return False
    head = b"".join(lines[at : at + 8]).partition(b"{")
    return bool(head[1]) and b";" not in head[0]


def extent(lines: Sequence[bytes], at: int) -> tuple[int, int]:
    """First and last line (excluded) of the function around a place: to its bracket at column 0."""
    start = min(at, len(lines) - 1) if lines else 0
    while start > 0 and not (
        _OPENS.match(lines[start]) and not lines[start].rstrip().endswith(b":")
    ):
        start -= 1
    end = start + 1
    while end < len(lines) and not lines[end].startswith(b"}"):
        end += 1
    return start, min(end + 1, len(lines))


def _patched(
    lines: Sequence[bytes], start: int, end: int, hunk: Hunk, at: int
) -> list[bytes] | None:
    """The function as the hunk leaves it; None where the hunk reaches beyond it."""
    head, tail = hunk.leading, len(hunk.before) - hunk.trailing
    if at + head < start or at + tail > end:
        return None
    middle = hunk.after[head : len(hunk.after) - hunk.trailing]
    return [*lines[start : at + head], *middle, *lines[at + tail : end]]


def _in_place(track: Track, plan: Plan) -> _Proposal | None:
    """All of a hunk's open edits, merged where they stand."""
    made: list[Edit] = []
    ways = set()
    for region, group in groups(track, plan.open):
        base = track.adapt(track.old.lines[region.old_start : region.old_end])
        ours = track.new.lines[region.new_start : region.new_end]
        theirs = list(track.old.lines[region.old_start : region.old_end])
        for edit in reversed(group):
            at = edit.old_start - region.old_start
            theirs[at : at + edit.old_end - edit.old_start] = edit.old_lines
        changed = track.adapt(theirs)
        merged, how = words_merged(base, ours, changed), WORDS
        if merged is None and not any(edit.old_end > edit.old_start for edit in group):
            merged, how = _union(base, ours, group, track), UNION
        if merged is None or merged == list(ours):
            return None
        ways.add(how)
        edits = _edits(ours, merged, region.new_start)
        made += [e._replace(old_start=region.old_start, old_end=region.old_end) for e in edits]
    shown = [line for edit in made for line in edit.new_lines]
    how = "; ".join(sorted(ways))
    return _Proposal(track.new_path, how, tuple(made), tuple(shown)) if made else None


def _union(
    base: Sequence[bytes], ours: Sequence[bytes], group: Sequence[Edit], track: Track
) -> list[bytes] | None:
    """Ours and then theirs, where upstream took nothing away and only put lines in, as we do."""
    added = track.adapt(group[0].old_lines)
    # Lines that both have: more likely upstream's own way of doing the same.
    both = set(map(bytes.strip, ours)) & {line.strip() for line in added if _NAME.search(line)}
    if base or len(group) != 1 or len(both) > len(added) * _TWICE:
        return None
    return [*ours, *added]


def words_merged(
    base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]
) -> list[bytes] | None:
    """Three texts merged word by word; None where both sides changed the same words.

    Only where ours is still the text that theirs was made for: most of its names are there.
    """
    sides = [_TOKEN.findall(b"".join(side)) for side in (base, ours, theirs)]
    if not sides[0] or max(map(len, sides)) > _MANY:
        return None
    one, two = (_changes(sides[0], side) for side in sides[1:])
    names = [bool(_NAME.match(word)) for word in sides[0]]
    gone = sum(sum(names[start:end]) for start, end, _ in one)
    if gone > sum(names) * (1 - _ALIKE):
        return None
    every = sorted([*one, *(change for change in two if change not in one)], key=lambda c: c[:2])
    for before, after in pairwise(every):
        if before[1] >= after[0]:
            return None
    merged = list(sides[0])
    for start, end, words in reversed(every):
        merged[start:end] = words
    return split_lines(b"".join(merged))


def _changes(
    base: Sequence[bytes], side: Sequence[bytes]
) -> list[tuple[int, int, tuple[bytes, ...]]]:
    # Slow to load, and only wanted here.
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, base, side, autojunk=False)
    return [(a, b, tuple(side[c:d])) for op, a, b, c, d in matcher.get_opcodes() if op != "equal"]


def _edits(ours: Sequence[bytes], merged: Sequence[bytes], shift: int) -> list[Edit]:
    """What makes ``merged`` of ``ours``, which stands at line ``shift`` of its file."""
    return [
        Edit(0, 0, lines, shift + start, shift + end, lines)
        for start, end, lines in _changes(ours, merged)
    ]


def _redone(path: str, file: File, edits: Sequence[Edit]) -> Redone:
    after = list(file.lines)
    for edit in sorted(edits, key=lambda edit: edit.new_start, reverse=True):
        after[edit.new_start : edit.new_end] = edit.new_lines
    return Redone(file, file._replace(lines=after), tuple(edits), path)
