"""What changed between two trees: whole files, renames, and line by line."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from ukport.git.command import Job
from ukport.git.repository import Repository

_INDEX = re.compile(rb"index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_HUNK = re.compile(rb"(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

# (old start, old end, new start, new end), counted from 0, ends excluded.
Span = tuple[int, int, int, int]
_LINES = ["-p", "-U0", "--full-index", "--text", "--no-ext-diff", "--no-textconv"]
_SAME = ["--ignore-cr-at-eol", "--histogram"]
_ARGUMENT_BYTES = 64 * 1024


class Rename(NamedTuple):
    """A file that went from one path to another; ``score`` is git's percentage of likeness."""

    old: str
    new: str
    old_oid: str
    new_oid: str
    score: int


class Differences:
    """Everything that changed between two trees: a job, read when it is asked for."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @cached_property
    def raw(self) -> bytes:
        """What git prints: a diff without context."""
        return self.job.output()

    @cached_property
    def _sections(self) -> Mapping[tuple[str, str], bytes]:
        return _sections(self.raw)

    def spans(self, old: str, new: str) -> tuple[Span, ...]:
        """The changed stretches between two blobs of one path; CRLF and LF are the same."""
        return _spans(self._sections.get((old, new), b""))

    @cached_property
    def added(self) -> bytes:
        """Every line that any file gained."""
        lines = self.raw.split(b"\n")
        return b"\n".join([line[1:] for line in lines if line[:1] == b"+" and line[:4] != b"+++ "])


def differences(repo: Repository, old: str, new: str, paths: Sequence[str] = ()) -> Differences:
    """Start to compare two trees or commits, as a whole or below some paths."""
    few = sum(len(path) + 1 for path in paths) < _ARGUMENT_BYTES
    # Peeled as a Reader does it, and never taken for options or files.
    ends = ["--end-of-options", *(f"{end}^{{tree}}" for end in (old, new)), "--"]
    limit = paths if few else ()
    return Differences(Job(["diff-tree", "-r", *_LINES, *_SAME, *ends, *limit], repo.gitdir))


def blob_spans(repo: Repository, old: str, new: str) -> tuple[Span, ...]:
    """The same for two blobs, whatever their paths."""
    done = repo.git(["diff", *_LINES, *_SAME, old, new])
    return next((_spans(section) for section in _sections(done.stdout).values()), ())


def renames(repo: Repository, old: str, new: str, *, score: int = 50) -> Mapping[str, Rename]:
    """Every renamed file between two trees, by its old path."""
    args = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", f"-M{score}%", "--diff-filter=R"]
    fields = repo.git([*args, old, new]).stdout.split(b"\0")
    found = {}
    for head, before, after in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        words = head.decode("ascii").split()
        one, two = (part.decode("utf-8", "surrogateescape") for part in (before, after))
        found[one] = Rename(one, two, words[2], words[3], int(words[4][1:]))
    return found


def _sections(patch: bytes) -> dict[tuple[str, str], bytes]:
    """What a diff says of each file, by its (old, new) blob."""
    found = {}
    for section in patch.split(b"\ndiff --git "):
        index = _INDEX.search(section)
        if index:
            found[index[1].decode(), index[2].decode()] = section
    return found


def _spans(section: bytes) -> tuple[Span, ...]:
    heads = map(_HUNK.match, section.split(b"\n@@ -")[1:])
    return tuple(_span(*head.groups()) for head in heads if head)


def _span(*numbers: bytes | None) -> Span:
    old, old_count, new, new_count = (1 if n is None else int(n) for n in numbers)
    old_start = old - 1 if old_count else old
    new_start = new - 1 if new_count else new
    return (old_start, old_start + old_count, new_start, new_start + new_count)
