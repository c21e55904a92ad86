"""The files of a tree while patches are applied to them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ukport.git.objects import Reader
from ukport.git.write import Change
from ukport.series.model import split_lines

_SUBMODULE = "160000"


class File(NamedTuple):
    """One file: mode and lines; the list is never changed in place.

    ``crlf`` says whether its lines end in CRLF: all (True), none (False) or only some (None).
    """

    mode: str
    lines: list[bytes]
    crlf: bool | None = False

    @property
    def data(self) -> bytes:
        """All bytes of it."""
        return b"".join(self.lines)


def from_bytes(data: bytes, mode: str = "100644") -> File:
    """A file with these bytes."""
    endings = data.count(b"\r\n")
    crlf = None if endings else False
    if endings and endings == data.count(b"\n"):
        crlf = True
    return File(mode, split_lines(data), crlf)


def load(reader: Reader, tree: str, paths: Iterable[str]) -> dict[str, File]:
    """Those of the paths that are files in the tree."""
    entries = [e for e in reader.entries(tree, paths).values() if e.mode != _SUBMODULE]
    blobs = reader.many(entry.oid for entry in entries)
    pairs = zip(entries, blobs, strict=True)
    return {entry.path: from_bytes(blob.data, entry.mode) for entry, blob in pairs if blob}


def changes(before: Mapping[str, File], after: Mapping[str, File]) -> list[Change]:
    """What to write so that a tree with ``before`` holds ``after``."""
    found = [Change(path, None) for path in before if path not in after]
    for path, file in after.items():
        known = before.get(path)
        if known is not file:
            found.append(Change(path, file.data, file.mode))
    return found
