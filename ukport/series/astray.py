"""Look for a hunk in the file to which its code went: upstream may have it there already.

Where code went to another file, or under another name, no merge finds it. A hunk counts as there if
the lines that it leaves, with the nearest of the context on either side, are where they were not
before, and the lines that it expects are nowhere any more.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ukport.git.repository import Repository
from ukport.series.content import File, from_bytes
from ukport.series.fileplan import FilePlan
from ukport.series.ledger import upstreamed
from ukport.series.model import Hunk
from ukport.series.outcome import Evidence, Fate, PatchResult

_CERTAINTY = 0.8
_SPACE = re.compile(rb"\s+")
_WORD = re.compile(rb"\w")
_CLEAR = 8  # letters that the lines put in must have, and half as many the context
_MANY = 50  # files; a line that is in more of them tells nothing


class Run(NamedTuple):
    """A file and the line at which some lines begin there."""

    path: str
    line: int


def gone_astray(
    repo: Repository,
    trees: tuple[str, str],
    result: PatchResult,
    plans: Sequence[FilePlan],
    new: Mapping[str, File],
) -> PatchResult:
    """The result, as upstreamed where every open hunk is there elsewhere and the rest in place."""
    if {hunk.fate for hunk in result.hunks} - {Fate.OPEN, Fate.PRESENT}:
        return result
    pieces = []
    taken: set[Run] = set()
    for plan in plans:
        hunks = plan.change.hunks
        for hunk, told in zip(hunks, plan.hunks, strict=False):
            if told.fate is Fate.OPEN:
                runs = found(repo, trees, hunk, new)
                # Each hunk has a place of its own: what changes in two must be there twice.
                run = next((run for run in runs if run not in taken), None)
                if run is None:
                    return result
                taken.add(run)
                where = f"{plan.change.path} {hunk.header}: upstream has it in {run.path}"
                pieces.append(Evidence("tree", f"{where}, line {run.line}", _CERTAINTY))
        if any(told.fate is Fate.OPEN for told in plan.hunks[len(hunks) :]):
            return result
    return upstreamed(result, (*pieces, *result.evidence))


def found(
    repo: Repository, trees: tuple[str, str], hunk: Hunk, new: Mapping[str, File]
) -> list[Run]:
    """Where the new tree has what a hunk leaves, if nothing in it is as the hunk expects."""
    before, after = core(hunk)
    added = [line for line in hunk.added if len(_WORD.findall(line)) >= _CLEAR]
    context = set(after) - {squash(line) for line in hunk.added}
    if not added or not any(len(_WORD.findall(line)) >= _CLEAR // 2 for line in context):
        return []
    there = _runs(repo, trees[1], after, max(added, key=len), new)
    if not there or _runs(repo, trees[1], before, max(before, key=len, default=b""), new):
        return []
    was = {run.path for run in _runs(repo, trees[0], after, max(added, key=len), {})}
    return [run for run in there if run.path not in was]


def core(hunk: Hunk) -> tuple[list[bytes], list[bytes]]:
    """What stands before and after, from the nearest context that says something to the next."""
    head, tail = hunk.lines[: hunk.leading], hunk.lines[len(hunk.lines) - hunk.trailing :]
    first = next((squash(text) for _, text in reversed(head) if squash(text)), None)
    last = next((squash(text) for _, text in tail if squash(text)), None)
    middle = hunk.lines[hunk.leading : len(hunk.lines) - hunk.trailing]
    sides = []
    for without in (b"+", b"-"):
        inner = [squash(text) for tag, text in middle if tag != without]
        sides.append([line for line in (first, *inner, last) if line])
    return sides[0], sides[1]


def squash(line: bytes) -> bytes:
    """A line without any white space."""
    return _SPACE.sub(b"", line)


def _runs(
    repo: Repository, tree: str, wanted: Sequence[bytes], probe: bytes, known: Mapping[str, File]
) -> list[Run]:
    """Where lines stand together in a tree, white space and blank lines aside."""
    text = probe.strip().decode("utf-8", "surrogateescape")
    hits = repo.grep(tree, [text]) if text and "\0" not in text else ()
    paths = list(dict.fromkeys(hit.path for hit in hits))
    if not wanted or len(paths) > _MANY:
        return []
    with repo.reader() as reader:
        blobs = list(reader.many(f"{tree}:{path}" for path in paths))
    runs: list[Run] = []
    for path, blob in zip(paths, blobs, strict=True):
        file = known.get(path) or (from_bytes(blob.data) if blob else None)
        runs += [Run(path, at) for at in _starts(file.lines, wanted)] if file else []
    return runs


def _starts(lines: Sequence[bytes], wanted: Sequence[bytes]) -> Iterator[int]:
    """The lines, counted from 1, where a run begins."""
    plain = [(number, squash(line)) for number, line in enumerate(lines, 1)]
    full = [(number, line) for number, line in plain if line]
    texts = [line for _, line in full]
    for at in range(len(texts) - len(wanted) + 1):
        if texts[at] == wanted[0] and texts[at : at + len(wanted)] == wanted:
            yield full[at][0]
