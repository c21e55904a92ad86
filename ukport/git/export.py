"""Write the files of a tree into a folder, never outside it."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ukport.git.command import GitError
from ukport.git.objects import Entry, Object, Reader
from ukport.git.paths import unsafe_link, unsafe_path

_LINK = "120000"
_SUBMODULE = "160000"


def export_entries(entries: Sequence[Entry], reader: Reader, folder: Path) -> None:
    """Write blobs as files; every path and link is checked before the first one is written."""
    for entry in entries:
        _refuse(entry.path, unsafe_path(entry.path))
    links = [entry for entry in entries if entry.mode == _LINK]
    targets = dict(zip(links, _blobs(links, reader), strict=True))
    for entry, target in targets.items():
        _refuse(entry.path, unsafe_link(entry.path, os.fsdecode(target.data)))
    folder.mkdir(parents=True, exist_ok=True)
    files = [entry for entry in entries if entry.mode not in (_LINK, _SUBMODULE)]
    for entry, blob in zip(files, _blobs(files, reader), strict=True):
        _write(folder / entry.path, blob.data, 0o777 if entry.mode == "100755" else 0o666)
    for entry in entries:
        if entry.mode == _SUBMODULE:
            (folder / entry.path).mkdir(parents=True, exist_ok=True)
    # Last, so that no file is written through one.
    for entry, target in targets.items():
        (folder / entry.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / entry.path).symlink_to(os.fsdecode(target.data))


def _blobs(entries: Sequence[Entry], reader: Reader) -> Iterable[Object]:
    for entry, found in zip(entries, reader.many(e.oid for e in entries), strict=True):
        if found is None:
            raise GitError(f"{entry.path}: its blob {entry.oid} is missing from the repository")
        yield found


def _refuse(path: str, why: str) -> None:
    if why:
        raise GitError(f"{path!r} {why}: the tree is not unpacked")


def _write(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags, mode)
    except FileExistsError:
        raise GitError(f"{path}: exists already", "unpack into an empty folder") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
