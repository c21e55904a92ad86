"""The commits between two versions: what each changed, and which tags lie on the way."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ukport.git.repository import Repository

# Above this, only commits that touch the same paths are read.
_MANY = 20_000


@dataclass(frozen=True)
class Commit:
    """One commit; ``patch`` is its diff without context."""

    oid: str
    subject: str
    message: str
    patch: bytes


def commits_between(
    repo: Repository, old: str, new: str, paths: Sequence[str] = ()
) -> Iterator[Commit]:
    """Every commit of ``new`` that ``old`` does not have, merges aside, the oldest first."""
    mark = secrets.token_hex(16)
    args = ["log", "-p", "-U0", "--text", "--no-ext-diff", "--no-textconv", "--no-merges"]
    args += ["--reverse", "--topo-order", "--full-diff", "--no-color", "--no-notes"]
    args.append(f"--format={mark}%H%n%s%n%B{mark}")
    count = repo.git(["rev-list", "--count", "--no-merges", f"{old}..{new}"]).text
    limit = ["--", *paths] if int(count) > _MANY and paths else ["--"]
    parts = repo.git([*args, f"{old}..{new}", *limit]).stdout.split(mark.encode())
    for head, patch in zip(parts[1::2], parts[2::2], strict=False):
        oid, subject, message = head.split(b"\n", 2)
        yield Commit(
            oid.decode(),
            subject.decode("utf-8", "replace"),
            message.decode("utf-8", "replace"),
            patch,
        )


def tags_between(repo: Repository, old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Name and commit of every tag that ``new`` contains and ``old`` does not, the oldest first."""
    form = "%(refname:strip=2)%00%(objectname)%00%(*objectname)"
    args = ["for-each-ref", f"--merged={new}", f"--no-merged={old}", "--sort=creatordate"]
    listing = repo.git([*args, f"--format={form}", "refs/tags"]).text
    rows = [line.split("\0") for line in listing.splitlines()]
    return tuple((name, peeled or oid) for name, oid, peeled in rows)


def is_commit(repo: Repository, rev: str) -> bool:
    """Whether ``rev`` names a commit (or a tag of one) and not a bare tree."""
    done = repo.git(["cat-file", "-e", f"{rev}^{{commit}}"], check=False)
    return done.returncode == 0


def related(repo: Repository, old: str, new: str) -> bool:
    """Whether two commits have any history in common."""
    return repo.git(["merge-base", old, new], check=False).returncode == 0
