"""Write trees and commits through one ``git fast-import``."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ukport.git.command import failure, run
from ukport.git.repository import Repository


class Change(NamedTuple):
    """What becomes of one path: new bytes with git's mode, or None where the file goes."""

    path: str
    data: bytes | None
    mode: str = "100644"


class Person(NamedTuple):
    """An author as git stores one; ``when`` is ``<seconds> <zone>``."""

    name: bytes = b"ukport"
    email: bytes = b"ukport@localhost"
    when: bytes = b"0 +0000"


class Step(NamedTuple):
    """One commit on top of the one before it."""

    message: bytes
    author: Person
    changes: Sequence[Change]


def write_tree(repo: Repository, base: str | None, changes: Iterable[Change]) -> str:
    """The oid of ``base`` (a tree, or nothing) with some files changed."""
    return write_steps(repo, base, [Step(b"-\n", Person(), tuple(changes))])[-1][1]


def write_steps(
    repo: Repository, base: str | None, steps: Sequence[Step]
) -> tuple[tuple[str, str], ...]:
    """Commit and tree oid of each step; the first has no parent and starts from ``base``."""
    stream = b"".join(_stream(base, steps))
    args = ["fast-import", "--quiet", "--force", "--done", "--date-format=raw-permissive"]
    done = run([*_FAST, *args], repo=repo.gitdir, input=stream, check=False)
    if done.returncode != 0:
        raise failure(args, done, repo.gitdir)
    answers = done.text.splitlines()
    # A tree without any file is reported as a missing path.
    trees = [line.split()[2] if line.startswith("0") else _EMPTY for line in answers[1::2]]
    return tuple(zip(answers[0::2], trees, strict=True))


# For a repository that lives as long as one command: nothing to sync, little to compress.
_FAST = ("-c", "core.fsync=none", "-c", "core.compression=0", "-c", "pack.compression=0")
_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def _stream(base: str | None, steps: Sequence[Step]) -> Iterator[bytes]:
    for number, step in enumerate(steps, 1):
        author = person_line(step.author)
        yield b"commit refs/ukport/import\nmark :%d\nauthor %s\n" % (number, author)
        yield b"committer ukport <ukport@localhost> %s\n" % step.author.when
        yield b"data %d\n%s\n" % (len(step.message), step.message)
        if number > 1:
            yield b"from :%d\n" % (number - 1)
        elif base:
            yield b"M 040000 %s \n" % base.encode()
        # Deletions first: a file may make room for a folder of its name.
        for change in sorted(step.changes, key=lambda change: change.data is not None):
            yield from _change(change)
        yield b'\nget-mark :%d\nls :%d ""\n' % (number, number)
    yield b"done\n"


def person_line(person: Person) -> bytes:
    """A person as git stores one."""
    name, email = _plain(person.name) or b"unknown", _plain(person.email)
    return b"%s <%s> %s" % (name, email, person.when)


def _change(change: Change) -> Iterator[bytes]:
    path = quote_path(change.path)
    if change.data is None:
        yield b"D %s\n" % path
    else:
        yield b"M %s inline %s\ndata %d\n" % (change.mode.encode(), path, len(change.data))
        yield change.data
        yield b"\n"


def quote_path(path: str) -> bytes:
    """A path in the C quotes that git understands everywhere."""
    raw = path.encode("utf-8", "surrogateescape")
    quoted = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"%s"' % quoted


def _plain(text: bytes) -> bytes:
    return b"".join(text.translate(None, b"<>\n\r\0").split(b"  "))
