"""The files of a tree while patches are applied to them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ukport.git.objects import Entry, parse_entries
from ukport.git.repository import Repository
from ukport.git.write import Change
from ukport.series.model import split_lines


@dataclass(frozen=True)
class File:
    """One file: mode and lines; the list is never changed in place."""

    mode: str
    lines: list[bytes]

    @cached_property
    def data(self) -> bytes:
        """All bytes of it."""
        return b"".join(self.lines)

    @cached_property
    def crlf(self) -> bool | None:
        """Whether its lines end in CRLF: all (True), none (False) or only some (None)."""
        found = sum(line.endswith(b"\r\n") for line in self.lines)
        whole = sum(line.endswith(b"\n") for line in self.lines)
        return found == whole if found in (0, whole) and found else (False if not found else None)


def from_bytes(data: bytes, mode: str = "100644") -> File:
    """A file with these bytes."""
    return File(mode, split_lines(data))


def load(repo: Repository, tree: str, paths: Iterable[str]) -> dict[str, File]:
    """Those of the paths that are files in the tree."""
    wanted = sorted(set(paths))
    if not wanted:
        return {}
    entries = [entry for entry in entries_of(repo, tree, wanted) if entry.mode != "160000"]
    return {path: file for path, file, _ in read_files(repo, entries)}


def entries_of(repo: Repository, tree: str, paths: Iterable[str]) -> tuple[Entry, ...]:
    """The entries of some paths; whole tree where they are too many for a command line."""
    wanted = list(paths)
    few = sum(map(len, wanted)) < 64 * 1024
    args = ["ls-tree", "-r", "-z", "--full-tree", tree]
    listing = repo.git([*args, "--", *wanted] if few else args).stdout
    names = set(wanted)
    return tuple(entry for entry in parse_entries(listing) if entry.path in names)


def read_files(repo: Repository, entries: Iterable[Entry]) -> Iterator[tuple[str, File, str]]:
    """Path, content and oid of each entry."""
    listed = list(entries)
    with repo.reader() as reader:
        for entry, found in zip(listed, reader.many(e.oid for e in listed), strict=True):
            if found is not None:
                yield entry.path, from_bytes(found.data, entry.mode), entry.oid


def changes(before: Mapping[str, File], after: Mapping[str, File]) -> list[Change]:
    """What to write so that a tree with ``before`` holds ``after``."""
    found = [Change(path, None) for path in before if path not in after]
    for path, file in after.items():
        known = before.get(path)
        if known is not file:
            found.append(Change(path, file.data, file.mode))
    return found
