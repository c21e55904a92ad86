"""The commits between two versions: what each changed, and which tags lie on the way."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ukport.git.command import Job
from ukport.git.repository import Repository

# Above this, only commits that touch the same paths are read.
_MANY = 20_000


class Commit(NamedTuple):
    """One commit; ``date`` is the author's, ``patch`` its diff without context."""

    oid: str
    date: str
    subject: str
    message: str
    patch: bytes


def commits_between(
    repo: Repository, old: str, new: str, paths: Sequence[str] = ()
) -> Iterator[Commit]:
    """Every commit of ``new`` that ``old`` does not have, merges aside, the oldest first."""
    mark = os.urandom(16).hex()
    args = ["log", "-p", "-U0", "--text", "--no-ext-diff", "--no-textconv", "--no-merges"]
    args += ["--reverse", "--topo-order", "--full-diff", "--no-color", "--no-notes"]
    args.append(f"--format={mark}%H%n%aD%n%s%n%B{mark}")
    count = repo.git(["rev-list", "--count", "--no-merges", f"{old}..{new}"]).text
    limit = ["--", *paths] if int(count) > _MANY and paths else ["--"]
    parts = repo.git([*args, f"{old}..{new}", *limit]).stdout.split(mark.encode())
    for head, patch in zip(parts[1::2], parts[2::2], strict=False):
        oid, date, subject, message = head.split(b"\n", 3)
        yield Commit(
            oid.decode(),
            date.decode("utf-8", "replace"),
            subject.decode("utf-8", "replace"),
            message.decode("utf-8", "replace"),
            patch,
        )


def subjects_between(repo: Repository, old: str, new: str) -> Job:
    """Start to list the subjects of every commit of ``new`` that ``old`` does not have."""
    return Job(["log", "--no-merges", "--format=%s", f"{old}..{new}"], repo.gitdir)


def patch_of(repo: Repository, commit: str) -> bytes:
    """What one commit changes, with context, against its first parent."""
    args = ["diff-tree", "-p", "-r", "--root", "--no-commit-id", "--no-ext-diff", "--no-textconv"]
    return repo.git([*args, commit]).stdout


def ancestry_path(repo: Repository, old: str, new: str) -> frozenset[str]:
    """The commits of ``new`` that were made on top of ``old``, not merged in from beside it."""
    done = repo.git(["rev-list", "--ancestry-path", f"{old}..{new}"])
    return frozenset(done.text.split())


def commit_with_blob(repo: Repository, old: str, new: str, blob: str) -> str:
    """The oldest commit between two that brought a blob; empty where none did."""
    args = ["log", "--reverse", "--topo-order", "--no-merges", "--format=%H", "--diff-filter=AM"]
    done = repo.git([*args, f"--find-object={blob}", f"{old}..{new}"], check=False)
    return done.text.split("\n", 1)[0]


class Step(NamedTuple):
    """What one commit did to one file: the blob before and after, empty where there is none."""

    commit: str
    subject: str
    merge: bool
    before: str
    after: str


def steps_of(repo: Repository, old: str, new: str, path: str) -> tuple[Step, ...]:
    """Every change of a file between two commits, the oldest first; merges once per parent."""
    mark = os.urandom(16).hex()
    args = ["log", "--topo-order", "--reverse", "-m", "--raw", "--no-abbrev", "--no-renames"]
    form = f"--format={mark}%H%x00%P%x00%s%x00"
    run = [*args, form, f"{old}..{new}"]
    text = repo.git([*run, "--ancestry-path", "--", path]).text or repo.git([*run, "--", path]).text
    found = []
    for part in text.split(mark)[1:]:
        commit, parents, subject, raw = part.split("\0", 3)
        for line in raw.split("\n"):
            if line.startswith(":"):
                before, after = (_blob(word) for word in line.split()[2:4])
                found.append(Step(commit, subject, " " in parents, before, after))
    return tuple(found)


def _blob(oid: str) -> str:
    return oid if oid.strip("0") else ""


def tags_between(
    repo: Repository, old: str, new: str, *, past: bool = False
) -> tuple[tuple[str, str], ...]:
    """Name and commit of every tag that ``new`` contains and ``old`` does not, the oldest first.

    With ``past`` only those that contain ``old``: the stops on the way from one to the other.
    """
    form = "%(refname:strip=2)%00%(objectname)%00%(*objectname)"
    args = ["for-each-ref", f"--merged={new}", f"--no-merged={old}", "--sort=creatordate"]
    args += [f"--contains={old}"] if past else []
    listing = repo.git([*args, f"--format={form}", "refs/tags"]).text
    rows = [line.split("\0") for line in listing.splitlines()]
    return tuple((name, peeled or oid) for name, oid, peeled in rows)


def related(repo: Repository, old: str, new: str) -> bool:
    """Whether two commits have any history in common."""
    return repo.git(["merge-base", old, new], check=False).returncode == 0
