"""Commits back into the series that they came from: what did not change keeps its bytes."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ukport.errors import ConflictError, UsageError
from ukport.git.branch import Commit
from ukport.git.repository import Repository
from ukport.series.apply import apply
from ukport.series.branch import FORMAT, author_of, message_of, slug
from ukport.series.patch import Patch

_NUMBER = re.compile(r"(\d+)-")
_AFTER_FROM = re.compile(rb"\A(From [0-9a-f]{40,64}) ")


class Refreshed(NamedTuple):
    """A patch of the new series: how it came about, and the name that it had."""

    patch: Patch
    state: str  # unchanged, renamed, edited, new
    was: str = ""


def refresh(
    repo: Repository,
    original: Sequence[Patch],
    commits: Sequence[Commit],
    untouched: Sequence[str],
    scratch: Path,
) -> tuple[Refreshed, ...]:
    """The series that the commits make, in their order.

    ``untouched`` are the commits that ``original`` itself makes, in its order: such a commit is
    its patch. Raises UsageError for a commit that is no patch.
    """
    left = dict(zip(untouched, original, strict=True))
    exact: dict[str, Patch] = {c.oid: left.pop(c.oid) for c in commits if c.oid in left}
    rest = list(left.values())
    made: list[tuple[bytes, Patch | None]] = []
    for number, commit in enumerate(commits):
        _hold(commit)
        if commit.oid in exact:
            made.append((exact[commit.oid].raw, exact[commit.oid]))
            continue
        was = _find(commit, rest)
        if was is not None:
            rest.remove(was)
        made.append((_written(repo, commit, was, scratch / str(number)), was))
    names = _names([(Patch("", raw), was) for raw, was in made], original)
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise UsageError(f"two commits make a patch named {twice}", "give one another subject")
    return tuple(
        _told(Patch(name, raw, was.strip if was else 1), was)
        for name, (raw, was) in zip(names, made, strict=True)
    )


def _told(patch: Patch, was: Patch | None) -> Refreshed:
    if was is None:
        return Refreshed(patch, "new")
    if patch.raw != was.raw:
        return Refreshed(patch, "edited", was.name)
    return Refreshed(patch, "unchanged" if patch.name == was.name else "renamed", was.name)


def _hold(commit: Commit) -> None:
    subject = commit.message.split(b"\n")[0].decode("utf-8", "replace")
    where = f"{commit.oid[:12]} ({subject})"
    if len(commit.parents) != 1:
        raise UsageError(
            f"{where} is a merge: a series is a line of commits", "rebase it: git rebase"
        )
    if commit.before == commit.tree:
        raise UsageError(f"{where} changes no file", "drop it: git rebase -i")
    if subject.startswith(("fixup! ", "squash! ", "amend! ")):
        raise UsageError(
            f"{where} waits to be melted into another commit",
            "git rebase -i --autosquash refs/ukport/base",
        )


def _find(commit: Commit, rest: Sequence[Patch]) -> Patch | None:
    """The patch that a commit came from: by author and message, by subject, by author and time."""
    author = commit.author
    subject = _subject(commit.message)
    for same in (
        lambda p: (author_of(p), _words(message_of(p))) == (author, _words(commit.message)),
        lambda p: p.subject == subject,
        lambda p: author_of(p) == author and bool(p.date) and _alone(p, rest),
    ):
        found = next((patch for patch in rest if same(patch)), None)
        if found is not None:
            return found
    return None


def _alone(patch: Patch, rest: Sequence[Patch]) -> bool:
    """Whether its author and date tell it from all others."""
    return sum(author_of(other) == author_of(patch) for other in rest) == 1


def _subject(message: bytes) -> str:
    return message.split(b"\n")[0].decode("utf-8", "surrogateescape")


def _words(message: bytes) -> list[bytes]:
    """A message less what git's own clean-up takes away."""
    return [line.rstrip() for line in message.strip().split(b"\n")]


def _written(repo: Repository, commit: Commit, was: Patch | None, scratch: Path) -> bytes:
    """The patch of a commit; its old bytes where they do the same and say the same."""
    same = was is not None and author_of(was) == commit.author and (
        _words(message_of(was)) == _words(commit.message)
    )  # fmt: skip
    if was is not None and same and _does(repo, was, commit, scratch):
        return was.raw
    plain = ("diff", "--no-ext-diff", "--no-textconv", "--no-color")
    ends = (commit.before, commit.tree)
    stat = repo.git([*plain, "--stat", "--summary", *ends]).stdout
    diff = repo.git([*plain, "--full-index", "--binary", *ends]).stdout
    if was is not None and same:
        prose, mark, _ = was.prose.partition(b"\n---\n")
        head = prose + mark + stat + b"\n" if mark else was.prose
        return head + diff + was.raw[was.files[-1].end :]
    mail = repo.git([*FORMAT, "-1", commit.oid]).stdout
    prose = Patch("", mail).prose.partition(b"\n---\n")[0].rstrip(b"\n")
    tail = was.raw[was.files[-1].end :] if was and was.files else b""
    return prose + b"\n---\n" + stat + b"\n" + diff + tail


def _does(repo: Repository, patch: Patch, commit: Commit, scratch: Path) -> bool:
    """Whether the patch still makes the commit's tree of the one before it."""
    try:
        return apply(repo, [patch], commit.before, scratch=scratch) == commit.tree
    except ConflictError:
        return False


def _names(made: Sequence[tuple[Patch, Patch | None]], original: Sequence[Patch]) -> list[str]:
    """Numbers by order, the rest of an old name kept; without numbers old names stay."""
    numbers = [int(found[1]) for patch in original if (found := _NUMBER.match(patch.name))]
    numbered = len(numbers) == len(original)
    first = min(numbers, default=1) if numbered else 1
    in_place = [was.name for _, was in made if was] == [patch.name for patch in original]
    if numbered and in_place and len(made) == len(original):
        return [patch.name for patch in original]
    names = []
    for number, (patch, was) in enumerate(made, min(first, 1)):
        bare = _NUMBER.sub("", was.name, count=1) if was else f"{slug(patch.subject)}.patch"
        names.append(f"{number:04}-{bare}" if numbered else was.name if was else bare)
    return names
