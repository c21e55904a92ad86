"""Read objects through one ``git cat-file --batch`` and list trees."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ukport.git.command import GitError, start

# A pipe holds 64 KiB: requests below that never block while git's answers are not read yet.
_BATCH_BYTES = 32 * 1024
_TREE = "040000"


class Object(NamedTuple):
    """An object as git stores it; ``kind`` is blob, tree, commit or tag."""

    oid: str
    kind: str
    data: bytes


class Entry(NamedTuple):
    """One file of a tree; ``mode`` is git's (100644, 100755, 120000 link, 160000 submodule)."""

    mode: str
    oid: str
    path: str


class Reader:
    """Objects of one repository, read by one process that stays up."""

    def __init__(self, gitdir: Path) -> None:
        self._gitdir = gitdir
        self._child = start(["cat-file", "--batch"], repo=gitdir)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; a second call does nothing."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child.wait()

    def get(self, spec: str) -> Object | None:
        """The object that ``spec`` names (an oid, ``rev:path``), or None where there is none."""
        return next(self.many([spec]))

    def commit(self, rev: str) -> str:
        """The commit that ``rev`` names; an empty string where it names none."""
        found = self.get(f"{rev}^{{commit}}")
        return found.oid if found else ""

    def tree(self, rev: str) -> str:
        """The tree of a commit, tag or tree; GitError naming ``rev`` where there is none."""
        found = self.get(f"{rev}^{{tree}}")
        if found is None or found.kind != "tree":
            raise GitError(f"{self._gitdir}: there is no commit or tree {rev!r}")
        return found.oid

    def many(self, specs: Iterable[str]) -> Iterator[Object | None]:
        """The objects of many names, in order, without waiting for each in turn."""
        batch: list[bytes] = []
        size = 0
        for spec in specs:
            line = _request(spec)
            if batch and size + len(line) > _BATCH_BYTES:
                yield from self._ask(batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line)
        yield from self._ask(batch)

    def entries(self, tree: str, paths: Iterable[str]) -> dict[str, Entry]:
        """Those of the paths that are in the tree; only the folders on the way are read."""
        folders: dict[str, dict[str, Entry] | None] = {}
        found = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            entry = (self._folder(tree, folder, folders) or {}).get(name)
            if entry and entry.mode != _TREE:
                found[path] = Entry(entry.mode, entry.oid, path)
        return found

    def _folder(
        self, tree: str, path: str, known: dict[str, dict[str, Entry] | None]
    ) -> dict[str, Entry] | None:
        if path not in known:
            oid = tree
            if path:
                above, _, name = path.rpartition("/")
                entry = (self._folder(tree, above, known) or {}).get(name)
                oid = entry.oid if entry and entry.mode == _TREE else ""
            listed = self.get(oid) if oid else None
            known[path] = _parse_tree(listed) if listed else None
        return known[path]

    def _ask(self, batch: Sequence[bytes]) -> Iterator[Object | None]:
        if self._child.stdin is None or not batch:
            return
        try:
            self._child.stdin.write(b"".join(batch))
            self._child.stdin.flush()
        except BrokenPipeError:
            raise GitError(f"git cat-file in {self._gitdir} ended before its time") from None
        # All answers are read before the first is given out: a caller may stop halfway.
        yield from [self._answer() for _ in batch]

    def _answer(self) -> Object | None:
        out = self._child.stdout
        head = out.readline() if out else b""
        if not out or not head:
            raise GitError(
                f"git cat-file in {self._gitdir} ended before its time",
                f"check the repository with: git --git-dir={self._gitdir} fsck",
            )
        # Split from the right: the answer for a missing object repeats the name, spaces and all.
        words = head.rsplit(b" ", 2)
        if head.endswith((b" missing\n", b" ambiguous\n")) or not words[-1].strip().isdigit():
            return None
        size = int(words[-1])
        data = out.read(size)
        out.read(1)
        return Object(words[0].decode("ascii"), words[1].decode("ascii"), data)


def _parse_tree(tree: Object) -> dict[str, Entry]:
    """One folder by name, from a raw tree object."""
    size = len(tree.oid) // 2
    found = {}
    at = 0
    while at < len(tree.data):
        end = tree.data.index(b"\0", at)
        mode, name = tree.data[at:end].split(b" ", 1)
        at = end + 1 + size
        text = name.decode("utf-8", "surrogateescape")
        found[text] = Entry(mode.decode().zfill(6), tree.data[end + 1 : at].hex(), text)
    return found


def parse_entries(listing: bytes) -> Iterator[Entry]:
    """The entries of ``git ls-tree -r -z``."""
    for record in listing.split(b"\0"):
        if record:
            head, path = record.split(b"\t", 1)
            mode, _kind, oid = head.split(b" ")[:3]
            yield Entry(mode.decode(), oid.decode(), path.decode("utf-8", "surrogateescape"))


def _request(spec: str) -> bytes:
    line = spec.encode("utf-8", "surrogateescape")
    if b"\n" in line:
        raise GitError(f"{spec!r}: a path with a line break cannot be read")
    return line + b"\n"
