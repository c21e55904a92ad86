"""What changed between two trees: whole files, renames, and line by line."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from ukport.git.command import Job
from ukport.git.repository import Repository

_INDEX = re.compile(rb"index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ADDED = re.compile(rb"^\+(?!\+\+ )(.*)$", re.MULTILINE)

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
    def spans(self) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """The changed stretches of every file, by its (old, new) blob; CRLF and LF are the same."""
        return _parse(self.raw)

    @cached_property
    def added(self) -> bytes:
        """Every line that any file gained."""
        return b"\n".join(_ADDED.findall(self.raw))


def differences(repo: Repository, old: str, new: str, paths: Sequence[str] = ()) -> Differences:
    """Start to compare two trees or commits, as a whole or below some paths."""
    few = sum(len(path) + 1 for path in paths) < _ARGUMENT_BYTES
    limit = ["--", *paths] if few else []
    return Differences(Job(["diff-tree", "-r", *_LINES, *_SAME, old, new, *limit], repo.gitdir))


def blob_spans(repo: Repository, old: str, new: str) -> tuple[Span, ...]:
    """The same for two blobs, whatever their paths."""
    done = repo.git(["diff", *_LINES, *_SAME, old, new])
    return next(iter(_parse(done.stdout).values()), ())


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


def _parse(patch: bytes) -> dict[tuple[str, str], tuple[Span, ...]]:
    found: dict[tuple[str, str], tuple[Span, ...]] = {}
    for section in re.split(rb"^diff --git ", patch, flags=re.MULTILINE)[1:]:
        index = _INDEX.search(section)
        if index:
            heads = re.finditer(rb"^@@ -.*$", section, re.MULTILINE)
            pair = (index[1].decode(), index[2].decode())
            found[pair] = tuple(_span(head[0]) for head in heads)
    return found


def _span(head: bytes) -> Span:
    numbers = _HUNK.match(head)
    if numbers is None:
        return (0, 0, 0, 0)
    old, old_count, new, new_count = (1 if n is None else int(n) for n in numbers.groups())
    old_start = old - 1 if old_count else old
    new_start = new - 1 if new_count else new
    return (old_start, old_start + old_count, new_start, new_start + new_count)
